#include "com/registration.hpp"

#include <algorithm>

#include "com/automation.hpp"
#include "module.hpp"

// In oleaut32 since Windows Vista, and in few headers.
extern "C" HRESULT WINAPI RegisterTypeLibForUser(ITypeLib* library, OLECHAR* path, OLECHAR* help_folder);
extern "C" HRESULT WINAPI UnRegisterTypeLibForUser(REFGUID id, WORD major, WORD minor, LCID locale, SYSKIND kind);

namespace {

struct ClassEntry {
  const GUID& id;
  const wchar_t* name;
  const wchar_t* meaning;
};

const ClassEntry kClasses[] = {{kSessionClass, L"Hadal.Session", L"Hadal: a conversation with a model"},
                               {kModelsClass, L"Hadal.Models", L"Hadal: the models on this machine"},
                               {kRtdClass, L"Hadal.Rtd", L"Hadal: answers that grow in cells"}};

std::wstring text_of(const GUID& id) {
  wchar_t text[64];
  return std::wstring(text, size_t(std::max(1, StringFromGUID2(id, text, 64)) - 1));
}

HKEY root_of(Scope scope) { return scope == Scope::user ? HKEY_CURRENT_USER : HKEY_LOCAL_MACHINE; }

void write(Scope scope, const std::wstring& key, const wchar_t* name, const std::wstring& value) {
  const std::wstring path = L"Software\\Classes\\" + key;
  HKEY handle = nullptr;
  LSTATUS status = RegCreateKeyExW(root_of(scope), path.c_str(), 0, nullptr, 0, KEY_WRITE, nullptr, &handle, nullptr);
  if (status == ERROR_SUCCESS) {
    status = RegSetValueExW(handle, name, 0, REG_SZ, reinterpret_cast<const BYTE*>(value.c_str()),
                            DWORD((value.size() + 1) * sizeof(wchar_t)));
    RegCloseKey(handle);
  }
  if (status != ERROR_SUCCESS)
    throw Failure{HADAL_IO, L"the registry key " + path + L" cannot be written: system error " + std::to_wstring(status)};
}

void remove(Scope scope, const std::wstring& key) {
  RegDeleteTreeW(root_of(scope), (L"Software\\Classes\\" + key).c_str());
}

void register_class(Scope scope, const ClassEntry& entry, const std::wstring& file) {
  const std::wstring id = text_of(entry.id), key = L"CLSID\\" + id;
  write(scope, key, nullptr, entry.meaning);
  write(scope, key + L"\\InprocServer32", nullptr, file);
  write(scope, key + L"\\InprocServer32", L"ThreadingModel", L"Apartment");
  write(scope, key + L"\\ProgID", nullptr, entry.name);
  write(scope, key + L"\\TypeLib", nullptr, text_of(kTypeLibrary));
  write(scope, key + L"\\Version", nullptr, L"1.0");
  write(scope, key + L"\\Programmable", nullptr, L"");
  write(scope, entry.name, nullptr, entry.meaning);
  write(scope, std::wstring(entry.name) + L"\\CLSID", nullptr, id);
}

}  // namespace

void register_classes(Scope scope) {
  const std::wstring file = module_path();
  for (const ClassEntry& entry : kClasses) register_class(scope, entry, file);
  // With the type library the VBA editor offers names while one types; without, all works late bound.
  ITypeLib* library = nullptr;
  if (FAILED(LoadTypeLibEx(file.c_str(), REGKIND_NONE, &library))) return;
  if (scope == Scope::user) RegisterTypeLibForUser(library, const_cast<LPOLESTR>(file.c_str()), nullptr);
  else RegisterTypeLib(library, const_cast<LPOLESTR>(file.c_str()), nullptr);
  library->Release();
}

void register_rtd() {
  const std::wstring file = module_path();
  const std::wstring key = L"CLSID\\" + text_of(kRtdClass) + L"\\InprocServer32";
  std::wstring known(32768, L'\0');
  LONG bytes = LONG(known.size() * sizeof(wchar_t));
  if (RegQueryValueW(HKEY_CLASSES_ROOT, key.c_str(), known.data(), &bytes) == ERROR_SUCCESS && file == known.c_str()) return;
  for (const ClassEntry& entry : kClasses)
    if (entry.id == kRtdClass) register_class(Scope::user, entry, file);
}

void unregister_classes(Scope scope) {
  for (const ClassEntry& entry : kClasses) {
    remove(scope, L"CLSID\\" + text_of(entry.id));
    remove(scope, entry.name);
  }
  const SYSKIND kind = sizeof(void*) == 8 ? SYS_WIN64 : SYS_WIN32;
  if (scope == Scope::user) UnRegisterTypeLibForUser(kTypeLibrary, 1, 0, LOCALE_NEUTRAL, kind);
  else UnRegisterTypeLib(kTypeLibrary, 1, 0, LOCALE_NEUTRAL, kind);
}
