/* Asks a folder: indexes the documents in it and answers questions with their places, all in this process.
 * usage: ask_my_folder EMBEDDER MODEL FOLDER QUESTION... */
#include <stdio.h>
#include <stdlib.h>

#include <hadal/hadal.h>

static int fail(void) {
  fprintf(stderr, "%s\n", hadal_last_error());
  return 1;
}

static int32_t HADAL_CALL show(void* context, const char* path, double done) {
  (void)context;
  fprintf(stderr, "\r%3.0f %%  %.60s\033[K", 100 * done, path);
  return 0;
}

int main(int argc, char** argv) {
  hadal_model *embedder = NULL, *model = NULL;
  hadal_knowledge* base = NULL;
  hadal_session* chat = NULL;
  char piece[256];
  int32_t kind;
  size_t n;
  int i;
  if (argc < 5) {
    fprintf(stderr, "usage: %s EMBEDDER MODEL FOLDER QUESTION...\n", argv[0]);
    return 2;
  }
  /* "-" instead of an embedding model: search by words alone. */
  if (argv[1][0] != '-' && hadal_model_open(NULL, argv[1], "", &embedder) < 0) return fail();
  if (hadal_model_open(NULL, argv[2], "", &model) < 0 ||
      hadal_knowledge_open(embedder, "folder.hadal", "", &base) < 0 ||
      hadal_knowledge_sync(base, argv[3], "", show, NULL, NULL, 0, NULL) < 0 ||
      hadal_session_create(model, "temperature=0; max_tokens=200", &chat) < 0 ||
      hadal_session_use(chat, base, "limit=4") < 0)
    return fail();
  fputs("\r\033[K", stderr);
  for (i = 4; i < argc; ++i) {
    char* sources;
    printf("> %s\n", argv[i]);
    if (hadal_session_add(chat, "user", argv[i], -1) < 0) return fail();
    while (hadal_session_next(chat, &kind, piece, sizeof piece, &n) == HADAL_OK)
      if (kind == HADAL_ANSWER) fwrite(piece, 1, n, stdout);
    if (hadal_session_get(chat, "citations", NULL, 0, &n) < 0 || (sources = malloc(n + 1)) == NULL) return fail();
    if (hadal_session_get(chat, "citations", sources, n + 1, &n) < 0) return fail();
    printf("\n%s\n\n", sources); /* JSON: number, document, page, characters and text of each */
    free(sources);
  }
  hadal_session_release(chat);
  hadal_knowledge_release(base);
  hadal_model_release(model);
  hadal_model_release(embedder);
  return 0;
}
