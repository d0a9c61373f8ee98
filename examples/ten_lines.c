/* The ten lines of the README: ask one question, print the answer as it comes.
 * usage: ten_lines MODEL [QUESTION] */
#include <stdio.h>

#include <hadal/hadal.h>

int main(int argc, char** argv) {
  const char* path = argc > 1 ? argv[1] : "model.gguf";
  const char* question = argc > 2 ? argv[2] : "Who are you?";

  hadal_model* model = NULL;  hadal_session* chat = NULL;  char piece[256];  int32_t kind;  size_t n;
  if (hadal_model_open(NULL, path, "", &model) < 0 ||
      hadal_session_create(model, "temperature=0; max_tokens=64", &chat) < 0 ||
      hadal_session_add(chat, "user", question, -1) < 0) { puts(hadal_last_error()); return 1; }
  while (hadal_session_next(chat, &kind, piece, sizeof piece, &n) == HADAL_OK)
    if (kind == HADAL_ANSWER) fwrite(piece, 1, n, stdout);
  hadal_session_release(chat);  hadal_model_release(model);
  putchar('\n');
  return 0;
}
