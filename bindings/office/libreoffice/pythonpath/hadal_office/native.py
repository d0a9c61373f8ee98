"""The calls of hadal.h this extension needs, as Python objects. Nothing here knows of an office."""
import ctypes
import os

ABI = 1
OK, AGAIN, END, PARTIAL = 0, 1, 2, 3
THOUGHT, ANSWER, TOOL_CALL = 1, 2, 3
FINISH = ("none", "stop", "stop_text", "length", "context", "cancelled", "error")


class HadalError(Exception):
    """A failed call: the library's sentence, and its status."""

    def __init__(self, status, sentence):
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


class UsageRecord(ctypes.Structure):
    """hadal_usage; `size` first, so that an older or newer library fills what both know."""
    _fields_ = [("size", ctypes.c_uint32), ("finish", ctypes.c_int32)] + [
        (name, ctypes.c_int64) for name in ("prompt_tokens", "reused_tokens", "generated_tokens", "prompt_us",
                                            "decode_us", "load_us", "context", "tokens")] + [
        ("cache_bytes", ctypes.c_uint64), ("drafted_tokens", ctypes.c_int64), ("accepted_tokens", ctypes.c_int64)]


_HANDLE, _TEXT, _SIZE = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t
_SIZE_OUT, _HANDLE_OUT = ctypes.POINTER(_SIZE), ctypes.POINTER(_HANDLE)
_KIND_OUT = ctypes.POINTER(ctypes.c_int32)
_SIGNATURES = {
    "hadal_model_open": (_HANDLE, _TEXT, _TEXT, _HANDLE_OUT),
    "hadal_model_get": (_HANDLE, _TEXT, _TEXT, _SIZE, _SIZE_OUT),
    "hadal_model_tokenize": (_HANDLE, _TEXT, ctypes.c_int64, ctypes.c_uint32, ctypes.POINTER(ctypes.c_int32), _SIZE,
                             _SIZE_OUT),
    "hadal_session_create": (_HANDLE, _TEXT, _HANDLE_OUT),
    "hadal_session_reset": (_HANDLE,),
    "hadal_session_set": (_HANDLE, _TEXT, _TEXT),
    "hadal_session_get": (_HANDLE, _TEXT, _TEXT, _SIZE, _SIZE_OUT),
    "hadal_session_add": (_HANDLE, _TEXT, _TEXT, ctypes.c_int64),
    "hadal_session_next": (_HANDLE, _KIND_OUT, _TEXT, _SIZE, _SIZE_OUT),
    "hadal_session_cancel": (_HANDLE,),
    "hadal_session_usage": (_HANDLE, ctypes.POINTER(UsageRecord)),
    "hadal_describe": (_TEXT, _TEXT, _SIZE, _SIZE_OUT),
}


def utf8(text):
    """The office hands over UTF-16, where a lone half of a pair can occur; it becomes U+FFFD, as everywhere."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode("utf-8")


def quoted(value):
    """A value for an option text, whatever characters it holds."""
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
        value = value.replace(plain, escaped)
    return '"' + value + '"'


class Library:
    """libhadal.so of one path. ctypes lets other Python threads run while a call computes."""

    def __init__(self, path):
        try:
            self._library = ctypes.CDLL(path)
        except OSError as problem:
            raise HadalError(-2, f"the library {os.path.basename(path)} could not be loaded: {problem}") from None
        for name, arguments in _SIGNATURES.items():
            function = getattr(self._library, name)
            function.argtypes, function.restype = arguments, ctypes.c_int32
        for name in ("hadal_model_release", "hadal_session_release"):
            function = getattr(self._library, name)
            function.argtypes, function.restype = (_HANDLE,), None
        for name in ("hadal_last_error", "hadal_version"):
            function = getattr(self._library, name)
            function.argtypes, function.restype = (), ctypes.c_char_p
        if self._library.hadal_abi() < ABI:
            raise HadalError(-3, f"{os.path.basename(path)} speaks interface {self._library.hadal_abi()}; "
                                 f"this extension needs {ABI} or newer")

    @property
    def version(self):
        return self._library.hadal_version().decode()

    def call(self, name, *arguments):
        status = getattr(self._library, name)(*arguments)
        if status < 0:
            raise HadalError(status, self._library.hadal_last_error().decode("utf-8", "replace"))
        return status

    def text(self, name, *arguments):
        """A call whose last parameters are buffer, capacity and size: asks until the whole text fits."""
        capacity, size = 512, _SIZE()
        while True:
            buffer = ctypes.create_string_buffer(capacity)
            if self.call(name, *arguments, buffer, capacity, ctypes.byref(size)) != PARTIAL:
                return buffer.raw[:size.value].decode("utf-8")
            capacity = size.value + 1

    def describe(self, topic):
        return self.text("hadal_describe", topic.encode())

    def open_model(self, path, options=""):
        handle = _HANDLE()
        self.call("hadal_model_open", None, utf8(path), utf8(options), ctypes.byref(handle))
        return Model(self, handle)

    def release(self, kind, handle):
        getattr(self._library, f"hadal_{kind}_release")(handle)


class _Owner:
    """A handle with one reference, given back once."""
    kind = ""

    def __init__(self, library, handle):
        self.library, self.handle = library, handle

    def close(self):
        handle, self.handle = self.handle, None
        if handle:
            self.library.release(self.kind, handle)

    def __del__(self):
        self.close()


class Model(_Owner):
    kind = "model"

    def get(self, key):
        return self.library.text("hadal_model_get", self.handle, utf8(key))

    def tokenize(self, text):
        data, size = utf8(text), _SIZE()
        ids = (ctypes.c_int32 * (len(data) + 1))()   # a token stands for at least one byte
        self.library.call("hadal_model_tokenize", self.handle, data, len(data), 0, ids, len(ids), ctypes.byref(size))
        return ids[:size.value]

    def session(self, options=""):
        handle = _HANDLE()
        self.library.call("hadal_session_create", self.handle, utf8(options), ctypes.byref(handle))
        return Session(self.library, handle)


class Session(_Owner):
    kind = "session"

    def __init__(self, library, handle):
        super().__init__(library, handle)
        self._buffer, self._size, self._kind = ctypes.create_string_buffer(4096), _SIZE(), ctypes.c_int32()

    def get(self, key):
        return self.library.text("hadal_session_get", self.handle, utf8(key))

    def set(self, key, value):
        self.library.call("hadal_session_set", self.handle, utf8(key), utf8(value))

    def reset(self):
        self.library.call("hadal_session_reset", self.handle)

    def add(self, role, text):
        data = utf8(text)
        self.library.call("hadal_session_add", self.handle, role.encode(), data, len(data))

    def next(self):
        """Computes until there is a piece: (kind, text), or None at the end of the turn."""
        status = self.library.call("hadal_session_next", self.handle, ctypes.byref(self._kind), self._buffer,
                                   len(self._buffer), ctypes.byref(self._size))
        if status == END:
            return None
        return self._kind.value, self._buffer.raw[:self._size.value].decode("utf-8")

    def cancel(self):
        """From any thread."""
        self.library.call("hadal_session_cancel", self.handle)

    def usage(self):
        record = UsageRecord(size=ctypes.sizeof(UsageRecord))
        self.library.call("hadal_session_usage", self.handle, ctypes.byref(record))
        found = {name: getattr(record, name) for name, _ in record._fields_ if name != "size"}
        found["finish"] = FINISH[record.finish] if 0 <= record.finish < len(FINISH) else "error"
        return found
