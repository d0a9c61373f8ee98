/* Uses the installed header and library and nothing else. */
#include <stdio.h>
#include <string.h>

#include <hadal/hadal.h>

int main(void) {
  char build[8192];
  size_t size = 0;
  hadal_model* model = NULL;
  if (hadal_abi() < HADAL_ABI) return 1;
  if (hadal_describe("build", build, sizeof build, &size) != HADAL_OK || size == 0 || build[0] != '{') return 2;
  if (hadal_model_open(NULL, "no such file.gguf", "", &model) != HADAL_NOT_FOUND || model != NULL) return 3;
  if (strstr(hadal_last_error(), "no such file.gguf") == NULL) return 4;
  if (hadal_get_api(HADAL_ABI) == NULL) return 5;
  printf("hadal %s\n", hadal_version());
  return 0;
}
