/* The library is loaded, used and unloaded many times in one process, as add-ins and play modes do. */
#include <dlfcn.h>
#include <hadal/hadal.h>
#include <stdio.h>

typedef const hadal_api*(HADAL_CALL* get_api)(int32_t);

int main(int argc, char** argv) {
  int round;
  if (argc != 2) return 2;
  for (round = 0; round < 50; ++round) {
    union {
      void* object;
      get_api function;
    } symbol;
    const hadal_api* api;
    hadal_runtime* runtime = NULL;
    size_t size = 0;
    void* library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return puts(dlerror()), 1;
    symbol.object = dlsym(library, "hadal_get_api");
    if (symbol.object == NULL) return puts("no hadal_get_api"), 1;
    api = symbol.function(HADAL_ABI);
    if (api == NULL || api->describe("options", NULL, 0, &size) != HADAL_OK || size == 0) return puts("describe failed"), 1;
    if (api->runtime_create(NULL, "threads=2", &runtime) != HADAL_OK) return puts(api->last_error()), 1;
    if (api->runtime_step(runtime, 0, NULL) != HADAL_OK) return puts(api->last_error()), 1;
    api->runtime_release(runtime);
    if (dlclose(library) != 0) return puts(dlerror()), 1;
  }
  return 0;
}
