/* A game's main loop: the character thinks in the time a frame has left, and is told to stop when the player walks
 * away. The host owns the loop; the library computes only inside hadal_session_step and starts no thread (threads=1).
 * usage: game_loop MODEL [FRAMES] */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <hadal/hadal.h>

#define FRAME_US 16667   /* 60 frames a second */
#define THINKING_US 8000 /* what the model may use of it */

static int64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void wait_until(int64_t time_us) {
  int64_t left = time_us - now_us();
  struct timespec t;
  if (left <= 0) return;
  t.tv_sec = (time_t)(left / 1000000);
  t.tv_nsec = (long)(left % 1000000) * 1000;
  nanosleep(&t, NULL);
}

/* Shows what is ready without computing anything. Returns 1 when the character has said everything. */
static int show_speech(hadal_session* character) {
  char piece[128];
  int32_t kind;
  size_t size;
  hadal_status status;
  while ((status = hadal_session_read(character, &kind, piece, sizeof piece, &size)) == HADAL_OK)
    if (kind == HADAL_ANSWER) fwrite(piece, 1, size, stdout);
  fflush(stdout);
  return status == HADAL_END;
}

int main(int argc, char** argv) {
  const char* path = argc > 1 ? argv[1] : "model.gguf";
  const int frames = argc > 2 ? atoi(argv[2]) : 600;
  hadal_model* model = NULL;
  hadal_session* character = NULL;
  hadal_usage usage;
  int64_t longest_us = 0;
  int frame, done = 0, state = 0;

  if (hadal_model_open(NULL, path, "threads=1; context=512", &model) < 0 ||
      hadal_session_create(model, "temperature=0; max_tokens=48; system=You are a blacksmith in a small village.",
                           &character) < 0 ||
      hadal_session_add(character, "user", "Good morning! What are you making today?", -1) < 0) {
    fprintf(stderr, "%s\n", hadal_last_error());
    return 1;
  }

  for (frame = 0; !done; ++frame) {
    const int64_t start = now_us();
    /* ... input, physics and drawing would be here ... */
    const int64_t thinking = now_us();
    if (hadal_session_step(character, THINKING_US, &state) < 0) {
      fprintf(stderr, "\n%s\n", hadal_last_error());
      break;
    }
    if (now_us() - thinking > longest_us) longest_us = now_us() - thinking;
    done = show_speech(character);
    if (frame == frames) hadal_session_cancel(character); /* the player has walked away */
    wait_until(start + FRAME_US);
  }

  memset(&usage, 0, sizeof usage);
  usage.size = sizeof usage;
  if (hadal_session_usage(character, &usage) == HADAL_OK)
    printf("\n[%d frames, %lld tokens, longest step %.1f ms of %.1f, %s]\n", frame, (long long)usage.generated_tokens,
           (double)longest_us / 1000, THINKING_US / 1000.0,
           usage.finish == HADAL_FINISH_CANCELLED ? "interrupted" : "said it all");
  hadal_session_release(character);
  hadal_model_release(model);
  return done ? 0 : 1;
}
