#include "variants.hpp"

#include <new>

#include "failure.hpp"

namespace {

constexpr LCID kNeutral = MAKELCID(MAKELANGID(LANG_ENGLISH, SUBLANG_ENGLISH_US), SORT_DEFAULT);   // a point for decimals

// Element `index` of a one-dimensional array as Long.
int32_t long_at(SAFEARRAY* array, VARTYPE type, LONG index) {
  Variant element, number;
  if (type == VT_VARIANT) {
    if (FAILED(SafeArrayGetElement(array, &index, element.get()))) throw Failure{HADAL_INVALID_ARGUMENT, L"tokens: unreadable array"};
  } else {
    if (FAILED(SafeArrayGetElement(array, &index, &element->lVal))) throw Failure{HADAL_INVALID_ARGUMENT, L"tokens: unreadable array"};
    element->vt = type;
  }
  if (FAILED(VariantChangeTypeEx(number.get(), element.get(), kNeutral, 0, VT_I4)))
    throw Failure{HADAL_INVALID_ARGUMENT, L"tokens: expected an array of numbers"};
  return number->lVal;
}

template <class Fill>
void put_array(VARIANT* out, VARTYPE type, size_t count, Fill&& fill) {
  SAFEARRAY* array = SafeArrayCreateVector(type, 0, ULONG(count));
  void* data = nullptr;
  if (array == nullptr) throw std::bad_alloc();
  if (FAILED(SafeArrayAccessData(array, &data))) {
    SafeArrayDestroy(array);
    throw std::bad_alloc();
  }
  try {
    fill(data);
  } catch (...) {
    SafeArrayUnaccessData(array);
    SafeArrayDestroy(array);
    throw;
  }
  SafeArrayUnaccessData(array);
  VariantClear(out);
  out->vt = VARTYPE(VT_ARRAY | type);
  out->parray = array;
}

}  // namespace

void put_text(VARIANT* out, std::wstring_view text) {
  BSTR made = new_bstr(text);
  VariantClear(out);
  out->vt = VT_BSTR;
  out->bstrVal = made;
}

void put_texts(VARIANT* out, const std::vector<std::wstring>& texts) {
  put_array(out, VT_VARIANT, texts.size(), [&](void* data) {
    auto* elements = static_cast<VARIANT*>(data);   // Empty so far; the array's owner clears them
    for (size_t i = 0; i < texts.size(); ++i) put_text(&elements[i], texts[i]);
  });
}

void put_longs(VARIANT* out, const std::vector<int32_t>& numbers) {
  put_array(out, VT_I4, numbers.size(), [&](void* data) {
    for (size_t i = 0; i < numbers.size(); ++i) static_cast<LONG*>(data)[i] = numbers[i];
  });
}

void put_numbers(VARIANT* out, const std::vector<int32_t>& numbers) {
  put_array(out, VT_VARIANT, numbers.size(), [&](void* data) {
    for (size_t i = 0; i < numbers.size(); ++i) {
      VARIANT& element = static_cast<VARIANT*>(data)[i];
      element.vt = VT_I4;
      element.lVal = numbers[i];
    }
  });
}

const VARIANT& plain(const VARIANT& value) {
  return value.vt == (VT_BYREF | VT_VARIANT) && value.pvarVal != nullptr ? *value.pvarVal : value;
}

bool is_given(const VARIANT& value) {
  const VARIANT& inner = plain(value);
  return !(inner.vt == VT_EMPTY || inner.vt == VT_NULL || inner.vt == VT_ERROR);
}

std::vector<int32_t> longs_of(const VARIANT& value) {
  const VARIANT& inner = plain(value);
  SAFEARRAY* array = (inner.vt & VT_ARRAY) == 0 ? nullptr : (inner.vt & VT_BYREF) != 0 ? *inner.pparray : inner.parray;
  LONG first = 0, last = -1;
  if (array == nullptr || SafeArrayGetDim(array) != 1 || FAILED(SafeArrayGetLBound(array, 1, &first)) ||
      FAILED(SafeArrayGetUBound(array, 1, &last)))
    throw Failure{HADAL_INVALID_ARGUMENT, L"tokens: expected an array of one dimension"};
  const VARTYPE type = inner.vt & VT_TYPEMASK;
  if (type != VT_VARIANT && type != VT_I4 && type != VT_I2 && type != VT_R8 && type != VT_R4 && type != VT_INT && type != VT_I8)
    throw Failure{HADAL_INVALID_ARGUMENT, L"tokens: expected an array of numbers"};
  std::vector<int32_t> numbers;
  for (int64_t i = first; i <= last; ++i) numbers.push_back(long_at(array, type, LONG(i)));
  return numbers;
}

std::wstring text_of_variant(const VARIANT& value, const wchar_t* what) {
  const VARIANT& inner = plain(value);
  if (inner.vt == VT_BSTR) return text_of(inner.bstrVal);
  if (inner.vt == VT_BOOL) return inner.boolVal == VARIANT_FALSE ? L"off" : L"on";
  Variant text;
  if ((inner.vt & VT_ARRAY) != 0 || inner.vt == VT_DISPATCH || inner.vt == VT_UNKNOWN ||
      FAILED(VariantChangeTypeEx(text.get(), const_cast<VARIANT*>(&inner), kNeutral, VARIANT_NOUSEROVERRIDE, VT_BSTR)))
    throw Failure{HADAL_INVALID_ARGUMENT, std::wstring(what) + L": expected a text"};
  return text_of(text->bstrVal);
}
