"""Small UNO structs."""
from com.sun.star.beans import PropertyValue


def property_value(name, value):
    made = PropertyValue()
    made.Name, made.Value = name, value
    return made
