/*
 * hadal.h: DeepSeek models inside your own program.
 *
 * One library, this one header, no server, no network, no process of its own. The header is C99 (and C++98), needs
 * nothing else, and is its own manual. Ten lines that always work:
 *
 *   hadal_model* model = NULL;  hadal_session* chat = NULL;  char piece[256];  int32_t kind;  size_t n;
 *   if (hadal_model_open(NULL, "model.gguf", "", &model) < 0 ||
 *       hadal_session_create(model, "temperature=0", &chat) < 0 ||
 *       hadal_session_add(chat, "user", "Who are you?", -1) < 0) { puts(hadal_last_error()); return 1; }
 *   while (hadal_session_next(chat, &kind, piece, sizeof piece, &n) == HADAL_OK)
 *     if (kind == HADAL_ANSWER) fwrite(piece, 1, n, stdout);
 *   hadal_session_release(chat);  hadal_model_release(model);
 *
 * CONVENTIONS
 *
 * Status    Every call that can fail returns a hadal_status: 0 done, positive not finished or nothing there, negative
 *           failed. hadal_last_error() then gives this thread's last failure as one sentence. Unless a function says
 *           otherwise, a failed call changes nothing. Results go to the last parameters.
 * Handles   Opaque and reference counted: create, open and fork give one reference, retain adds one, release takes
 *           one away; release(NULL) is fine. A session keeps its model alive, a model its runtime: release in any
 *           order. There is no global set-up and no shutdown.
 * Text in   UTF-8 and a size in bytes; -1 = up to the NUL. Copied, never kept. Invalid UTF-8 is refused with the
 *           offset of the first wrong byte (option invalid_text=replace turns it into U+FFFD).
 * Text out  Your buffer, its capacity in bytes, and *size = the bytes of the whole text, always reported (size may be
 *           NULL). A buffer of capacity 0 (it may be NULL) only asks for the size and gives HADAL_OK. If the text
 *           does not fit, its beginning is written, never half a character, and the result is HADAL_PARTIAL. A NUL
 *           that size does not count follows the text where there is room for it. The same holds for numbers, with
 *           capacity and size counted in elements.
 * Options   Text: "temperature=0.6; top_p=0.95; max_tokens=200". Keys and values may be put in double quotes, in
 *           which \" \\ \n \t mean what they mean in C. NULL or "" = defaults. An unknown key or bad value fails,
 *           names itself and the nearest known key. hadal_describe("options") lists all keys with level, type, range,
 *           default and meaning. Byte sizes take K, M, G (powers of 1024). Keys belong to a level (runtime, model,
 *           session or vectors); a call takes the keys of its own level and of those below, where they become defaults.
 * Threads   hadal_last_error() and the calls without a handle: any thread. A model: any number of threads at once.
 *           A session or runtime: one thread at a time; a second one gets HADAL_BUSY and nothing happens. retain,
 *           release and hadal_session_cancel: any thread, any time. Sessions of one model may be driven by several
 *           threads: they are computed together, one thread doing the work for all.
 * Callbacks Optional everywhere, and called only on a thread that is inside one of your calls (parallel_for's tasks
 *           aside). No call of this library may be made from inside one, except retain, release and cancel.
 * Growth    Nothing here changes its meaning or layout. Structs start with their own size and grow at the end only;
 *           set `size` to sizeof before a call. New behaviour is a new function or a new option key.
 */
#ifndef HADAL_HADAL_H
#define HADAL_HADAL_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define HADAL_CALL __cdecl
#if defined(HADAL_BUILD)
#define HADAL_API __declspec(dllexport)
#elif defined(HADAL_STATIC)
#define HADAL_API
#else
#define HADAL_API __declspec(dllimport)
#endif
#else
#define HADAL_CALL
#if defined(__GNUC__)
#define HADAL_API __attribute__((visibility("default")))
#else
#define HADAL_API
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The interface this header describes. It grows with additions only; hadal_abi() gives the library's. */
#define HADAL_ABI 1

typedef int32_t hadal_status;

#define HADAL_OK 0                  /* done */
#define HADAL_AGAIN 1               /* nothing ready yet: step, or ask again */
#define HADAL_END 2                 /* nothing more to come */
#define HADAL_PARTIAL 3             /* the buffer was too small; *size tells what is needed */
#define HADAL_INVALID_ARGUMENT (-1) /* a value of the caller's is wrong */
#define HADAL_NOT_FOUND (-2)        /* no such file, key or name */
#define HADAL_UNSUPPORTED (-3)      /* well formed, but not something this build or model can do */
#define HADAL_CORRUPT (-4)          /* bytes that contradict their format */
#define HADAL_OUT_OF_MEMORY (-5)    /* an allocation failed, or memory_limit would be passed */
#define HADAL_IO (-6)               /* the system or a host callback failed to read or write */
#define HADAL_BUSY (-7)             /* another thread is using the handle */
#define HADAL_CANCELLED (-8)        /* a cancel or a callback asked to stop */
#define HADAL_CONTEXT_FULL (-9)     /* the tokens do not fit the session's context */
#define HADAL_NUMERIC (-10)         /* the model produced NaN or infinity */
#define HADAL_DEVICE (-11)          /* a backend failed */
#define HADAL_INTERNAL (-12)        /* a mistake of the library */

typedef struct hadal_runtime hadal_runtime; /* threads, memory, files, clock: what the host provides */
typedef struct hadal_model hadal_model;     /* a loaded model; immutable, shared by sessions and threads */
typedef struct hadal_session hadal_session; /* one timeline: tokens, cache, sampler, conversation */
typedef struct hadal_knowledge hadal_knowledge; /* a knowledge base: documents, searched and cited */

/* ---- Library ------------------------------------------------------------------------------------------------- */

/* "0.1.0". Any thread; the text lives as long as the library. */
HADAL_API const char* HADAL_CALL hadal_version(void);

/* The newest HADAL_ABI the library knows. A program made for n runs on every library with hadal_abi() >= n. */
HADAL_API int32_t HADAL_CALL hadal_abi(void);

/* This thread's last failure as one sentence: the thing, what was expected, what was found. Never NULL; "" if none.
 * Valid until this thread's next failing call. */
HADAL_API const char* HADAL_CALL hadal_last_error(void);

/* "HADAL_NOT_FOUND" for -2 and so on. Never NULL. */
HADAL_API const char* HADAL_CALL hadal_status_name(hadal_status status);

/* What the library is and can do, as JSON; works on any CPU and before any model.
 * topic: "build"     version, abi, compiler, parts built in
 *        "cpu"       name, cores, features, levels usable here and the one chosen
 *        "devices"   backends of this build and whether they run here
 *        "options"   every key: level, type, range, default, meaning
 *        "licences"  the parts the library contains
 *        "probe"     measures this machine for about a second: {"threads","read_gbs","int8_gops","level"};
 *                    "probe:threads=2" with two threads, "probe:threads=2;cpu=avx2" at that instruction set level
 * HADAL_NOT_FOUND for another topic. */
HADAL_API hadal_status HADAL_CALL hadal_describe(const char* topic, char* buffer, size_t capacity, size_t* size);

/* ---- Runtime ------------------------------------------------------------------------------------------------- */

#define HADAL_LOG_DEBUG 0
#define HADAL_LOG_INFO 1
#define HADAL_LOG_WARNING 2
#define HADAL_LOG_ERROR 3

/* One task of parallel_for, index in [0, tasks). */
typedef void(HADAL_CALL* hadal_task)(void* task_context, int64_t index);

/* What the host provides. Every function pointer may be NULL (the library's own is used); pairs and groups must be
 * given together: allocate + free; open + file_size + read + close (map is optional). Calls may come from any thread
 * that is inside the library. After the last handle made with a runtime is released, none is called any more. */
typedef struct hadal_host {
  uint32_t size;       /* sizeof(hadal_host) */
  int32_t concurrency; /* with parallel_for: the most tasks that run at once, the caller included; at least 1 */
  void* context;       /* passed back to every function */

  /* Memory at a multiple of alignment (a power of two), or NULL. free gets the same size and alignment. */
  void*(HADAL_CALL* allocate)(void* context, size_t size, size_t alignment);
  void(HADAL_CALL* free)(void* context, void* block, size_t size, size_t alignment);

  /* Files, read only. path is UTF-8. open: a file, or NULL if there is none of that name. read: 0 = all `size` bytes
   * were read at offset. map: the whole file as read-only memory until close, or NULL. */
  void*(HADAL_CALL* open)(void* context, const char* path);
  uint64_t(HADAL_CALL* file_size)(void* context, void* file);
  int32_t(HADAL_CALL* read)(void* context, void* file, uint64_t offset, void* out, size_t size);
  const void*(HADAL_CALL* map)(void* context, void* file);
  void(HADAL_CALL* close)(void* context, void* file);

  /* A monotonic clock in nanoseconds. */
  int64_t(HADAL_CALL* clock)(void* context);
  /* text is one line without a line break. */
  void(HADAL_CALL* log)(void* context, int32_t level, const char* text);
  /* Calls task(task_context, i) once for every i in [0, tasks), in any order, on any threads and at once if it likes,
   * and returns when all have returned. With it the library starts no thread of its own. */
  void(HADAL_CALL* parallel_for)(void* context, int64_t tasks, hadal_task task, void* task_context);
} hadal_host;

/* States of step and wait: a set of bits; 0 = idle. */
#define HADAL_WORKING 1 /* there is more to compute */
#define HADAL_READY 2   /* pieces can be read */

/* Makes a runtime. host: copied, may be NULL. options: runtime keys (threads, memory_limit, ...), and as defaults all
 * keys of models and sessions. */
HADAL_API hadal_status HADAL_CALL hadal_runtime_create(const hadal_host* host, const char* options, hadal_runtime** out);

/* Computes for all sessions of all models of this runtime that have work, together, for about budget_us microseconds
 * (it stops inside a layer; 0 = one small slice, -1 = until none has work). *state: HADAL_WORKING if there is more,
 * HADAL_READY if any session has pieces to read. A failure belongs to its session and is told by that session's next
 * call. Turns of sessions that another thread is inside of are not started; those that run go on. */
HADAL_API hadal_status HADAL_CALL hadal_runtime_step(hadal_runtime* runtime, int64_t budget_us, int32_t* state);

HADAL_API hadal_runtime* HADAL_CALL hadal_runtime_retain(hadal_runtime* runtime);
HADAL_API void HADAL_CALL hadal_runtime_release(hadal_runtime* runtime);

/* ---- Model --------------------------------------------------------------------------------------------------- */

/* stage: "read", "pack" or "quantize"; done in [0, 1], never falling. Return 0 to go on, anything else to stop: the
 * call then fails with HADAL_CANCELLED. Called on the thread of the call. */
typedef int32_t(HADAL_CALL* hadal_progress)(void* context, const char* stage, double done);

/* Bytes a model and one session of `context` tokens will take. */
typedef struct hadal_plan {
  uint32_t size;      /* sizeof(hadal_plan) */
  int32_t fits;       /* 1: total is within memory_limit and what the machine has free now; 0: it is not */
  uint64_t weights;   /* weights read where they lie in the file (mapped) */
  uint64_t packed;    /* weights rearranged for the backend */
  uint64_t cache;     /* of one session with `context` tokens */
  uint64_t arena;     /* working memory of a run */
  uint64_t total;     /* weights + packed + cache + arena + the library's own tables */
  uint64_t available; /* memory of this machine that could be used now; 0 if unknown */
  int64_t context;    /* the tokens the cache was sized for */
  int64_t parameters; /* of the model */
  uint64_t experts;   /* of all experts of a mixture, rearranged; 0: there are none, or they are used where they lie */
  uint64_t experts_kept;    /* part of packed: reserved for experts; packed when they are first used */
  uint64_t experts_in_file; /* experts beyond what memory has room for: read from the file whenever they are used,
                             * which is slower. 0: none */
} hadal_plan;

/* Plans without loading: reads headers only. path, options: as hadal_model_open. A folder with config.json and the
 * safetensors index alone is enough. */
HADAL_API hadal_status HADAL_CALL hadal_model_plan(hadal_runtime* runtime, const char* path, const char* options,
                                                   hadal_plan* plan);

/* Opens a model.
 * runtime: NULL = a runtime of its own with the system's memory, files and threads
 * path:    a GGUF file (any part of a split one), a folder with config.json and safetensors, or a name in the local
 *          Ollama store ("deepseek-r1:1.5b")
 * options: model keys (backend, cpu, precision, weights, memory_limit, tokenizer_only, ...), and as defaults all
 *          session keys; with runtime NULL also runtime keys (threads)
 * With tokenizer_only=on a folder that holds only tokenizer files will do, and nothing can be computed.
 * HADAL_NOT_FOUND, HADAL_CORRUPT, HADAL_UNSUPPORTED (naming the architecture, tensor or level), HADAL_OUT_OF_MEMORY. */
HADAL_API hadal_status HADAL_CALL hadal_model_open(hadal_runtime* runtime, const char* path, const char* options,
                                                   hadal_model** out);

/* The same with a progress callback that may stop it. progress may be NULL. */
HADAL_API hadal_status HADAL_CALL hadal_model_open_progress(hadal_runtime* runtime, const char* path,
                                                            const char* options, hadal_progress progress,
                                                            void* progress_context, hadal_model** out);

/* A GGUF file that is not on disk: either memory, or a read function. */
typedef struct hadal_source {
  uint32_t size;     /* sizeof(hadal_source) */
  uint32_t reserved; /* 0 */
  const char* name;  /* stands in error messages; NULL = "memory" */
  const void* data;  /* the file's bytes, which must stay until `close` is called or, without it, until the model is
                        gone; NULL: `read` is used */
  uint64_t bytes;    /* the file's size */
  void* context;     /* passed to read and close */
  /* 0 = all `count` bytes at offset were read. May be called from several threads. */
  int32_t(HADAL_CALL* read)(void* context, uint64_t offset, void* out, size_t count);
  /* The model needs the source no more. May be NULL. Called once, also if the open fails. */
  void(HADAL_CALL* close)(void* context);
  hadal_progress progress; /* may be NULL */
  void* progress_context;
} hadal_source;

HADAL_API hadal_status HADAL_CALL hadal_model_open_source(hadal_runtime* runtime, const hadal_source* source,
                                                          const char* options, hadal_model** out);

/* Facts about a model, as text. key:
 *   architecture family (for people) name parameters active_parameters (of those that one token meets) context
 *   vocabulary layers hidden license quantization hash (SHA-256 of the tensors' names, formats, shapes and first bytes:
 *   equal for equal weights), chat_template, tensors (JSON: [{"name","dtype","shape","bytes"}]), metadata
 *   (JSON), weights_bytes packed_bytes cache_bytes_per_token backend cpu threads bos eos (ids, or ""), end_of_turn
 *   (ids separated by commas) add_bos pre_tokenizer thought_open thought_close load_ms note (what a user should know:
 *   a layer for drafts that is declared and absent, tokens without bytes), memory_note (where experts do not all fit
 *   in memory: what to expect; else ""), dimension pooling max_tokens_per_text query_prefix document_prefix (of
 *   models that embed), trace (opened with tracing=on: what every thread did when, in Chrome's trace event format; the
 *   last 131,072 spans of each), and every model option.
 * HADAL_NOT_FOUND for another key, naming the nearest. */
HADAL_API hadal_status HADAL_CALL hadal_model_get(hadal_model* model, const char* key, char* buffer, size_t capacity,
                                                  size_t* size);

/* The prompt text the model's template makes of a conversation. json: a list of messages
 * [{"role":"user","content":"..."}], or an object {"messages": [...], "tools": [...], "add_generation_prompt": true,
 * ...} whose other keys are template variables. HADAL_UNSUPPORTED if the model has no template. */
HADAL_API hadal_status HADAL_CALL hadal_model_render(hadal_model* model, const char* json, int64_t json_size,
                                                     char* buffer, size_t capacity, size_t* size);

HADAL_API hadal_model* HADAL_CALL hadal_model_retain(hadal_model* model);
HADAL_API void HADAL_CALL hadal_model_release(hadal_model* model);

/* Writes the model at `in` (as in hadal_model_open) to the GGUF file `out` with the weights in `type` ("q4_k", "q8_0",
 * "f16", "bf16", "f32"). options: model keys. report: JSON with the bytes and the error of each tensor, as text out;
 * may be NULL with capacity 0. A failure leaves no file. */
HADAL_API hadal_status HADAL_CALL hadal_quantize(hadal_runtime* runtime, const char* in, const char* out,
                                                 const char* type, const char* options, hadal_progress progress,
                                                 void* progress_context, char* report, size_t capacity, size_t* size);

/* ---- Tokens -------------------------------------------------------------------------------------------------- */

/* Flags of the three calls below. */
#define HADAL_SPECIAL 1u      /* tokenize: the texts of special tokens become those tokens */
#define HADAL_SKIP_SPECIAL 2u /* detokenize: leave special tokens out */
#define HADAL_SPELLING 4u     /* token_text: as the vocabulary spells it ("\xC4\xA0the"), not the bytes it stands for */

/* Text to ids. Never adds a begin or end token. Empty text gives no ids. */
HADAL_API hadal_status HADAL_CALL hadal_model_tokenize(hadal_model* model, const char* text, int64_t text_size,
                                                       uint32_t flags, int32_t* ids, size_t capacity, size_t* size);

/* Ids to text. Bytes that form no character become U+FFFD. HADAL_INVALID_ARGUMENT for an id out of range. */
HADAL_API hadal_status HADAL_CALL hadal_model_detokenize(hadal_model* model, const int32_t* ids, size_t count,
                                                         uint32_t flags, char* buffer, size_t capacity, size_t* size);

/* The exact bytes of one token, which may be part of a character (this one call may give invalid UTF-8). */
HADAL_API hadal_status HADAL_CALL hadal_model_token_text(hadal_model* model, int32_t id, uint32_t flags, char* buffer,
                                                         size_t capacity, size_t* size);

/* ---- Session ------------------------------------------------------------------------------------------------- */

/* Makes a session. options: session keys. Memory for `context` tokens is reserved here; generating allocates nothing
 * more from the host. HADAL_OUT_OF_MEMORY if it cannot be had or memory_limit would be passed. */
HADAL_API hadal_status HADAL_CALL hadal_session_create(hadal_model* model, const char* options, hadal_session** out);

/* A second session with the same past: options, conversation, tokens, sampler state. The cache is shared until one of
 * them writes. Pieces not yet read stay with the first. A turn in progress goes on in both. */
HADAL_API hadal_status HADAL_CALL hadal_session_fork(hadal_session* session, hadal_session** out);

/* Empties tokens, conversation, pending pieces and the sampler's state. Options stay. Works after any failure. */
HADAL_API hadal_status HADAL_CALL hadal_session_reset(hadal_session* session);

/* Keeps the first `tokens` tokens of the timeline and forgets what came after, a turn in progress and messages that
 * are no longer complete included. HADAL_INVALID_ARGUMENT if there are fewer. */
HADAL_API hadal_status HADAL_CALL hadal_session_rewind(hadal_session* session, int64_t tokens);

/* The session as bytes: tokens, cache, sampler state, conversation, checksum. The same turn may go on after restore.
 * Snapshots are read by the same model with the same backend and cache_type, else HADAL_UNSUPPORTED; damage gives
 * HADAL_CORRUPT; a failed restore leaves the session as it was. Pieces not yet read are not part of it. Restoring
 * overwrites the session's past but not its options. */
HADAL_API hadal_status HADAL_CALL hadal_session_save(hadal_session* session, void* buffer, size_t capacity,
                                                     size_t* size);
HADAL_API hadal_status HADAL_CALL hadal_session_restore(hadal_session* session, const void* data, size_t size);

/* One option. set: session keys, between turns or within one; what cannot change any more (context) is refused. */
HADAL_API hadal_status HADAL_CALL hadal_session_set(hadal_session* session, const char* key, const char* value);
/* get: any session option; and: finish, answer, thought, tool_calls (of the last turn, whole), prompt (its exact
 * text), tokens (how many the timeline has), messages (JSON). */
HADAL_API hadal_status HADAL_CALL hadal_session_get(hadal_session* session, const char* key, char* buffer,
                                                    size_t capacity, size_t* size);

HADAL_API hadal_session* HADAL_CALL hadal_session_retain(hadal_session* session);
HADAL_API void HADAL_CALL hadal_session_release(hadal_session* session);

/* ---- Input --------------------------------------------------------------------------------------------------- */

/* Adds a message. role: "system", "user", "assistant" or "tool". Nothing is computed; the turn starts with the next
 * step, next, wait or ask after a message whose role is not "assistant" or "system". Special tokens written in text
 * are ordinary text. A turn in progress is ended first, as by hadal_session_cancel. HADAL_UNSUPPORTED if the model has
 * no chat template (use hadal_session_add_tokens). */
HADAL_API hadal_status HADAL_CALL hadal_session_add(hadal_session* session, const char* role, const char* text,
                                                    int64_t text_size);

/* The raw way: ids are appended to the timeline as they are, without template or begin token, and what follows them
 * is generated. HADAL_CONTEXT_FULL if they do not fit. Messages and raw tokens do not mix until a reset. */
HADAL_API hadal_status HADAL_CALL hadal_session_add_tokens(hadal_session* session, const int32_t* ids, size_t count);

/* The same with plain text; a begin token goes first if the timeline is empty and the model's own settings ask for
 * one. flags: HADAL_SPECIAL. */
HADAL_API hadal_status HADAL_CALL hadal_session_add_text(hadal_session* session, const char* text, int64_t text_size,
                                                         uint32_t flags);

/* Fill in the middle, for models of code: what is generated stands between prefix and suffix. The timeline becomes
 * their prompt; what the cache holds of its beginning is kept, so that asking again after each key costs little.
 * Special tokens written in the texts are ordinary text. HADAL_UNSUPPORTED if the vocabulary has no tokens for it,
 * HADAL_CONTEXT_FULL if it does not fit; the session is then as it was. Not after messages until a reset. */
HADAL_API hadal_status HADAL_CALL hadal_session_fill(hadal_session* session, const char* prefix, int64_t prefix_size,
                                                     const char* suffix, int64_t suffix_size);

/* The exact prompt text. json NULL: of the session's own conversation as the next turn would feed it; otherwise of a
 * given one (see hadal_model_render) with this session's options (system, thinking). Changes nothing. */
HADAL_API hadal_status HADAL_CALL hadal_session_render(hadal_session* session, const char* json, int64_t json_size,
                                                       char* buffer, size_t capacity, size_t* size);

/* ---- Output -------------------------------------------------------------------------------------------------- */

/* Kinds of pieces. */
#define HADAL_THOUGHT 1   /* the model thinking aloud */
#define HADAL_ANSWER 2    /* what it says */
#define HADAL_TOOL_CALL 3 /* a call it wants made, as the model wrote it */

/* Why a turn ended. */
#define HADAL_FINISH_NONE 0      /* it has not */
#define HADAL_FINISH_STOP 1      /* the model ended it: "stop" */
#define HADAL_FINISH_STOP_TEXT 2 /* a text of the option `stop` came: "stop_text" */
#define HADAL_FINISH_LENGTH 3    /* max_tokens were generated: "length" */
#define HADAL_FINISH_CONTEXT 4   /* the context is full: "context" */
#define HADAL_FINISH_CANCELLED 5 /* "cancelled" */
#define HADAL_FINISH_ERROR 6     /* "error": the call that met it gave the status */

/* Computes until there is a piece of the answer and gives it. HADAL_OK a piece, HADAL_END the turn is over (or none
 * was asked for). The text is never cut inside a character; what does not fit the buffer comes with the next call (a
 * buffer of less than 5 bytes is refused), and a NUL always follows it. A negative status ends the turn: what was
 * generated stays on the timeline, and add, rewind and reset go on from there. */
HADAL_API hadal_status HADAL_CALL hadal_session_next(hadal_session* session, int32_t* kind, char* buffer,
                                                     size_t capacity, size_t* size);

/* Computes for at most about budget_us microseconds, stopping inside a layer if need be, and says what happened. Other
 * sessions of the model that have work and no thread of their own move along. -1 = until the turn is over. */
HADAL_API hadal_status HADAL_CALL hadal_session_step(hadal_session* session, int64_t budget_us, int32_t* state);

/* Takes a piece without computing. HADAL_AGAIN if there is none yet, HADAL_END after the last one of the turn. */
HADAL_API hadal_status HADAL_CALL hadal_session_read(hadal_session* session, int32_t* kind, char* buffer,
                                                     size_t capacity, size_t* size);

/* Computes until a piece can be read, the turn is over or timeout_us has passed (-1 = no limit). */
HADAL_API hadal_status HADAL_CALL hadal_session_wait(hadal_session* session, int64_t timeout_us, int32_t* state);

/* Ends the turn in progress. From any thread; a thread that is computing it returns within milliseconds. The turn
 * finishes as "cancelled", its pieces so far can be read, the session goes on. Without a turn nothing happens. */
HADAL_API hadal_status HADAL_CALL hadal_session_cancel(hadal_session* session);

/* Called with each piece as it is made, inside next, step, wait and ask; the piece is then not queued for read. text
 * is size bytes of whole characters, valid during the call. Return 0 to go on, anything else to cancel the turn. */
typedef int32_t(HADAL_CALL* hadal_on_piece)(void* context, int32_t kind, const char* text, size_t size);
/* Sets or, with NULL, takes away the callback. */
HADAL_API hadal_status HADAL_CALL hadal_session_watch(hadal_session* session, hadal_on_piece on_piece, void* context);

/* Adds a user message and computes the whole turn. The answer, without thoughts, is the text out; if it does not fit,
 * hadal_session_get(session, "answer", ...) gives it again. */
HADAL_API hadal_status HADAL_CALL hadal_ask(hadal_session* session, const char* text, int64_t text_size, char* buffer,
                                            size_t capacity, size_t* size);

/* ---- Numbers ------------------------------------------------------------------------------------------------- */

typedef struct hadal_usage {
  uint32_t size;            /* sizeof(hadal_usage) */
  int32_t finish;           /* HADAL_FINISH_... of the last turn */
  int64_t prompt_tokens;    /* the last turn's prompt, reused ones included */
  int64_t reused_tokens;    /* of these, found in the cache */
  int64_t generated_tokens; /* the one that ended the turn included; the last ones of the timeline */
  int64_t prompt_us;        /* computing time of the prompt */
  int64_t decode_us;        /* computing time of the generated tokens */
  int64_t load_us;          /* opening the model */
  int64_t context;          /* the most tokens the timeline may have */
  int64_t tokens;           /* tokens it has now */
  uint64_t cache_bytes;     /* memory of the cache pages this session uses, shared ones included */
  int64_t drafted_tokens;   /* option drafts: tokens guessed and checked in the last turn */
  int64_t accepted_tokens;  /* of these, right and worth a step: the turn took generated - accepted steps */
} hadal_usage;

HADAL_API hadal_status HADAL_CALL hadal_session_usage(hadal_session* session, hadal_usage* usage);

/* Ids of the timeline from number `first` on. */
HADAL_API hadal_status HADAL_CALL hadal_session_tokens(hadal_session* session, int64_t first, int32_t* ids,
                                                       size_t capacity, size_t* size);

/* Computes what was added and not yet fed, generating nothing, and gives the logits that follow: the last token's,
 * [vocabulary]; with the option logits=all one row for each token fed by this call, [tokens, vocabulary]. They stay
 * until more is fed, so asking for the size first computes only once. Capacity and size in floats. Generating may go
 * on from here. HADAL_INVALID_ARGUMENT if nothing was ever fed. */
HADAL_API hadal_status HADAL_CALL hadal_session_logits(hadal_session* session, float* buffer, size_t capacity,
                                                       size_t* size);

/* The most likely next tokens after what was fed (fed first, as by hadal_session_logits), best first, with their
 * natural log-probabilities before any sampling option. ids or log_probabilities may be NULL. Gives as many as
 * capacity, at most the vocabulary; *size = how many. */
HADAL_API hadal_status HADAL_CALL hadal_session_top(hadal_session* session, int32_t* ids, float* log_probabilities,
                                                    size_t capacity, size_t* size);

/* How likely the model finds a text after what the session holds: the sum of the natural log-probabilities of its
 * tokens, and how many were scored. An empty session starts with the begin token if the model's settings ask for one;
 * otherwise the first token is not scored. A text longer than the context is cut into windows that start anew, in an
 * empty session only. The session is left as it was. flags: HADAL_SPECIAL. */
HADAL_API hadal_status HADAL_CALL hadal_session_score(hadal_session* session, const char* text, int64_t text_size,
                                                      uint32_t flags, double* log_probability, int64_t* tokens);

/* ---- Vectors ------------------------------------------------------------------------------------------------- */

/* Texts to vectors, with an embedding model (BERT, XLM-RoBERTa, nomic-embed-text), or a chat model that was opened with
 * pooling=last. Texts are computed together and do not influence each other: the same text gives the same bits alone,
 * among others, and with any number of threads. Any thread; calls on one model take turns.
 *
 * texts, sizes:  count texts; a size of -1 = up to the NUL; sizes NULL = all of them so. No text's special tokens count
 *                as such
 * options:       keys of the level "vectors": purpose (none, query, document: with the model's prefix for it),
 *                long_text (error, cut, split), normalize, dimensions, query_prefix, document_prefix
 * progress:      stage "embed"; may be NULL; returning anything but 0 ends the call with HADAL_CANCELLED
 * vectors:       [count, dimension], one text after the other; *size = count * dimension floats. Capacity 0 computes
 *                nothing and gives the size; a smaller one holds the first texts, as many as fit whole: HADAL_PARTIAL
 *
 * HADAL_INVALID_ARGUMENT  a text is longer than the model takes (the sentence says its number, its tokens and how many
 *                         may be), or not UTF-8; nothing is written
 * HADAL_UNSUPPORTED       the model chats, or ranks
 * After another failure the vectors' contents are undefined. hadal_model_get: dimension, pooling, max_tokens_per_text
 * (special tokens included), query_prefix, document_prefix. */
HADAL_API hadal_status HADAL_CALL hadal_model_embed(hadal_model* model, const char* const* texts, const int64_t* sizes,
                                                    size_t count, const char* options, hadal_progress progress,
                                                    void* progress_context, float* vectors, size_t capacity,
                                                    size_t* size);

/* How well each text answers the query, with a cross-encoder (BERT or XLM-RoBERTa for sequence classification): one
 * score for each, higher is more relevant, comparable for one query only. It is the model's own output before any
 * sigmoid. A query that leaves no room for a text is refused. Everything else is as in hadal_model_embed; stage
 * "rerank". */
HADAL_API hadal_status HADAL_CALL hadal_model_rerank(hadal_model* model, const char* query, int64_t query_size,
                                                     const char* const* texts, const int64_t* sizes, size_t count,
                                                     const char* options, hadal_progress progress,
                                                     void* progress_context, float* scores, size_t capacity,
                                                     size_t* size);

/* ---- Knowledge ----------------------------------------------------------------------------------------------- */

/* A knowledge base is one file on disk: documents, the passages they were cut into, a vector for each, and a text index
 * that finds Chinese words of two characters, clause and part numbers. Several processes may read it while one writes;
 * it is always whole, whenever a process ends. A handle is used by one thread at a time (HADAL_BUSY); cancel, retain
 * and release: any thread. Where a document is asked for as text, that is its number, its path, or its file name if
 * only one has it. HADAL_CORRUPT from any call: the file is damaged; HADAL_BUSY: another process has been writing for
 * 20 seconds; HADAL_IO: the disk is full or unreadable. After each of these the handle stays usable and the base is as
 * it was before the step that failed.
 *
 * embedder: a model that embeds (hadal_model_embed), kept alive by the base; NULL = the text index alone
 * path:     UTF-8; made if it is not there. NULL, "" or ":memory:" = in memory, gone with the handle
 * options:  keys of the level "knowledge": create=off (a base that is not there is HADAL_NOT_FOUND), reindex=on (make
 *           all vectors anew with this embedder; a document whose file is not as it was any more keeps its text and
 *           loses its headings, pages and rows)
 * HADAL_UNSUPPORTED  the base was made with another embedding model (the sentence names both), by a newer version of
 *                    the library, or this build has no SQLite and path is not empty */
HADAL_API hadal_status HADAL_CALL hadal_knowledge_open(hadal_model* embedder, const char* path, const char* options,
                                                       hadal_knowledge** out);

/* Adds a file (pdf, docx, xlsx, pptx, odt, epub, html, md, csv, txt, eml, as built), or brings it up to date; it is
 * found by searches once it is complete, and until then its last version is. Cancelled or killed on the way, the next
 * call goes on where this one stopped.
 * progress: stage = the path, done of all documents of the call; may be NULL
 * document: its number; may be NULL
 * A file that is there and cannot be read (a scan, a password, damage) is kept in the list with status "failed" and the
 * reason, and the result is HADAL_OK. HADAL_NOT_FOUND: no such file; nothing has changed. */
HADAL_API hadal_status HADAL_CALL hadal_knowledge_add_file(hadal_knowledge* knowledge, const char* path,
                                                           hadal_progress progress, void* progress_context,
                                                           int64_t* document);

/* The same with a text in memory. name: its path from now on; ".md", ".html" or ".csv" at its end say how to read
 * it. */
HADAL_API hadal_status HADAL_CALL hadal_knowledge_add_text(hadal_knowledge* knowledge, const char* name,
                                                           const char* text, int64_t text_size, hadal_progress progress,
                                                           void* progress_context, int64_t* document);

/* Makes the base hold what a folder holds: new files are added, changed ones indexed again, moved ones keep their
 * vectors, and documents that came from this folder by sync and are no longer there are removed. Nothing else is.
 * options: include, exclude (patterns separated by spaces: "*.pdf report?.txt"), subfolders=off
 * report:  JSON {"added","changed","moved","removed","unchanged","failed"}, at most 160 bytes; may be NULL */
HADAL_API hadal_status HADAL_CALL hadal_knowledge_sync(hadal_knowledge* knowledge, const char* folder,
                                                       const char* options, hadal_progress progress,
                                                       void* progress_context, char* report, size_t capacity,
                                                       size_t* size);

/* Removes a document with everything made of it; when the call returns, its words are in no table, index or free page
 * of the file (a process that reads at the same time may keep the log until it closes). HADAL_NOT_FOUND. */
HADAL_API hadal_status HADAL_CALL hadal_knowledge_remove(hadal_knowledge* knowledge, const char* document);

/* [{"document","path","status","reason","chunks","title","source","bytes","pages","date"}]; status: "pending", "done"
 * or "failed"; source: the folder it came from by sync; date: of the file, UTC. */
HADAL_API hadal_status HADAL_CALL hadal_knowledge_list(hadal_knowledge* knowledge, char* buffer, size_t capacity,
                                                       size_t* size);

/* The passages that suit a query, best first:
 * [{"document","path","page","from","to","heading","score","text",...}]; from, to: characters of the document's
 * extracted text, which cut from it are "text"; page null where the format has none. Each also says how it was found:
 * "vector":{"rank","score"}, "words":{"rank","score"}.
 * options: mode (fused, vector, text), limit, per_document, newest_first, documents ("3,7"), folder, after, before
 * ("2024-05-31"). The last result is kept: asking for the size first computes once. */
HADAL_API hadal_status HADAL_CALL hadal_knowledge_search(hadal_knowledge* knowledge, const char* query,
                                                         int64_t query_size, const char* options, char* buffer,
                                                         size_t capacity, size_t* size);

/* The extracted text of a document. */
HADAL_API hadal_status HADAL_CALL hadal_knowledge_text(hadal_knowledge* knowledge, const char* document, char* buffer,
                                                       size_t capacity, size_t* size);

/* Checks the whole file: {"ok":true,"problems":[]}, or one sentence for each thing found wrong. */
HADAL_API hadal_status HADAL_CALL hadal_knowledge_check(hadal_knowledge* knowledge, char* buffer, size_t capacity,
                                                        size_t* size);

/* Cross-encoder for searches from now on (hadal_model_rerank); kept alive by the base. NULL = none. */
HADAL_API hadal_status HADAL_CALL hadal_knowledge_rerank(hadal_knowledge* knowledge, hadal_model* reranker);

/* Facts about the user, put before every question of a session that uses the base, in this chat and later ones.
 * fact: its number, may be NULL. forget: HADAL_NOT_FOUND. get "facts" lists them. */
HADAL_API hadal_status HADAL_CALL hadal_knowledge_remember(hadal_knowledge* knowledge, const char* text,
                                                           int64_t text_size, int64_t* fact);
HADAL_API hadal_status HADAL_CALL hadal_knowledge_forget(hadal_knowledge* knowledge, int64_t fact);

/* get: documents pending failed chunks bytes dimension fingerprint facts (JSON [{"fact","text"}]) relevance (of the
 * last search: {"score","cosine","coverage","found"}, how sure it is that the base answers it) version, and what was set.
 * set: name, embedder (where its model lies) and note, for your own use. HADAL_NOT_FOUND for another key. */
HADAL_API hadal_status HADAL_CALL hadal_knowledge_get(hadal_knowledge* knowledge, const char* key, char* buffer,
                                                      size_t capacity, size_t* size);
HADAL_API hadal_status HADAL_CALL hadal_knowledge_set(hadal_knowledge* knowledge, const char* key, const char* value);

/* Ends the add or sync in progress with HADAL_CANCELLED; what was done is kept. */
HADAL_API hadal_status HADAL_CALL hadal_knowledge_cancel(hadal_knowledge* knowledge);

HADAL_API hadal_knowledge* HADAL_CALL hadal_knowledge_retain(hadal_knowledge* knowledge);
HADAL_API void HADAL_CALL hadal_knowledge_release(hadal_knowledge* knowledge);

/* From now on every user message of the session is answered from the base (NULL = no longer): add and ask search it,
 * put the passages found before the question, numbered [1], [2], ..., and ask for these numbers in the answer. Without
 * anything relevant the model is not asked: the answer is one sentence saying so, in the question's language. Passages
 * leave the conversation with the next question; their numbers stay. The session keeps the base alive; both are in use
 * during add and ask.
 * options: those of search; mode of use: documents=... as there; context_share (part of the session's context for
 *          passages), refuse (on, off, or the relevance from 0 to 1 below which it refuses), whole (auto, off:
 *          documents that fit are given whole), compare=on (passages of every document side by side, one table asked for),
 *          rewrite (rules, model, off: how a follow-up question is made one that stands alone)
 * hadal_session_get then also knows: found (1, 0), relevance, question (as searched for), citations
 * ([{"n","document","path","title","page","from","to","heading","text"}], the marks of the last answer that name a
 * passage; all passages given if it has none), passages (those given, in the same form). */
HADAL_API hadal_status HADAL_CALL hadal_session_use(hadal_session* session, hadal_knowledge* knowledge,
                                                    const char* options);

/* ---- UTF-16 twins -------------------------------------------------------------------------------------------- */

/* The same calls with UTF-16 in the machine's byte order; sizes and capacities in 16-bit units, -1 = up to the zero
 * unit. A surrogate pair is never cut; a lone surrogate is refused. Keys, topics and options are texts too. */
HADAL_API const uint16_t* HADAL_CALL hadal_last_error16(void);
HADAL_API hadal_status HADAL_CALL hadal_describe16(const uint16_t* topic, uint16_t* buffer, size_t capacity,
                                                   size_t* size);
HADAL_API hadal_status HADAL_CALL hadal_runtime_create16(const hadal_host* host, const uint16_t* options,
                                                         hadal_runtime** out);
HADAL_API hadal_status HADAL_CALL hadal_model_plan16(hadal_runtime* runtime, const uint16_t* path,
                                                     const uint16_t* options, hadal_plan* plan);
HADAL_API hadal_status HADAL_CALL hadal_model_open16(hadal_runtime* runtime, const uint16_t* path,
                                                     const uint16_t* options, hadal_model** out);
HADAL_API hadal_status HADAL_CALL hadal_model_get16(hadal_model* model, const uint16_t* key, uint16_t* buffer,
                                                    size_t capacity, size_t* size);
HADAL_API hadal_status HADAL_CALL hadal_model_render16(hadal_model* model, const uint16_t* json, int64_t json_size,
                                                       uint16_t* buffer, size_t capacity, size_t* size);
HADAL_API hadal_status HADAL_CALL hadal_model_tokenize16(hadal_model* model, const uint16_t* text, int64_t text_size,
                                                         uint32_t flags, int32_t* ids, size_t capacity, size_t* size);
HADAL_API hadal_status HADAL_CALL hadal_model_detokenize16(hadal_model* model, const int32_t* ids, size_t count,
                                                           uint32_t flags, uint16_t* buffer, size_t capacity,
                                                           size_t* size);
HADAL_API hadal_status HADAL_CALL hadal_session_create16(hadal_model* model, const uint16_t* options,
                                                         hadal_session** out);
HADAL_API hadal_status HADAL_CALL hadal_session_set16(hadal_session* session, const uint16_t* key,
                                                      const uint16_t* value);
HADAL_API hadal_status HADAL_CALL hadal_session_get16(hadal_session* session, const uint16_t* key, uint16_t* buffer,
                                                      size_t capacity, size_t* size);
HADAL_API hadal_status HADAL_CALL hadal_session_add16(hadal_session* session, const uint16_t* role,
                                                      const uint16_t* text, int64_t text_size);
HADAL_API hadal_status HADAL_CALL hadal_session_add_text16(hadal_session* session, const uint16_t* text,
                                                           int64_t text_size, uint32_t flags);
HADAL_API hadal_status HADAL_CALL hadal_session_fill16(hadal_session* session, const uint16_t* prefix, int64_t prefix_size,
                                                       const uint16_t* suffix, int64_t suffix_size);
HADAL_API hadal_status HADAL_CALL hadal_session_render16(hadal_session* session, const uint16_t* json,
                                                         int64_t json_size, uint16_t* buffer, size_t capacity,
                                                         size_t* size);
HADAL_API hadal_status HADAL_CALL hadal_session_next16(hadal_session* session, int32_t* kind, uint16_t* buffer,
                                                       size_t capacity, size_t* size);
HADAL_API hadal_status HADAL_CALL hadal_session_read16(hadal_session* session, int32_t* kind, uint16_t* buffer,
                                                       size_t capacity, size_t* size);
HADAL_API hadal_status HADAL_CALL hadal_ask16(hadal_session* session, const uint16_t* text, int64_t text_size,
                                              uint16_t* buffer, size_t capacity, size_t* size);
HADAL_API hadal_status HADAL_CALL hadal_session_score16(hadal_session* session, const uint16_t* text,
                                                        int64_t text_size, uint32_t flags, double* log_probability,
                                                        int64_t* tokens);
HADAL_API hadal_status HADAL_CALL hadal_model_embed16(hadal_model* model, const uint16_t* const* texts,
                                                      const int64_t* sizes, size_t count, const uint16_t* options,
                                                      hadal_progress progress, void* progress_context, float* vectors,
                                                      size_t capacity, size_t* size);
HADAL_API hadal_status HADAL_CALL hadal_model_rerank16(hadal_model* model, const uint16_t* query, int64_t query_size,
                                                       const uint16_t* const* texts, const int64_t* sizes, size_t count,
                                                       const uint16_t* options, hadal_progress progress,
                                                       void* progress_context, float* scores, size_t capacity,
                                                       size_t* size);

HADAL_API hadal_status HADAL_CALL hadal_knowledge_open16(hadal_model* embedder, const uint16_t* path,
                                                         const uint16_t* options, hadal_knowledge** out);
HADAL_API hadal_status HADAL_CALL hadal_knowledge_add_file16(hadal_knowledge* knowledge, const uint16_t* path,
                                                             hadal_progress progress, void* progress_context,
                                                             int64_t* document);
HADAL_API hadal_status HADAL_CALL hadal_knowledge_add_text16(hadal_knowledge* knowledge, const uint16_t* name,
                                                             const uint16_t* text, int64_t text_size,
                                                             hadal_progress progress, void* progress_context,
                                                             int64_t* document);
HADAL_API hadal_status HADAL_CALL hadal_knowledge_sync16(hadal_knowledge* knowledge, const uint16_t* folder,
                                                         const uint16_t* options, hadal_progress progress,
                                                         void* progress_context, uint16_t* report, size_t capacity,
                                                         size_t* size);
HADAL_API hadal_status HADAL_CALL hadal_knowledge_remove16(hadal_knowledge* knowledge, const uint16_t* document);
HADAL_API hadal_status HADAL_CALL hadal_knowledge_list16(hadal_knowledge* knowledge, uint16_t* buffer, size_t capacity,
                                                         size_t* size);
HADAL_API hadal_status HADAL_CALL hadal_knowledge_search16(hadal_knowledge* knowledge, const uint16_t* query,
                                                           int64_t query_size, const uint16_t* options,
                                                           uint16_t* buffer, size_t capacity, size_t* size);
HADAL_API hadal_status HADAL_CALL hadal_knowledge_text16(hadal_knowledge* knowledge, const uint16_t* document,
                                                         uint16_t* buffer, size_t capacity, size_t* size);
HADAL_API hadal_status HADAL_CALL hadal_knowledge_check16(hadal_knowledge* knowledge, uint16_t* buffer, size_t capacity,
                                                          size_t* size);
HADAL_API hadal_status HADAL_CALL hadal_knowledge_remember16(hadal_knowledge* knowledge, const uint16_t* text,
                                                             int64_t text_size, int64_t* fact);
HADAL_API hadal_status HADAL_CALL hadal_knowledge_get16(hadal_knowledge* knowledge, const uint16_t* key,
                                                        uint16_t* buffer, size_t capacity, size_t* size);
HADAL_API hadal_status HADAL_CALL hadal_knowledge_set16(hadal_knowledge* knowledge, const uint16_t* key,
                                                        const uint16_t* value);
HADAL_API hadal_status HADAL_CALL hadal_session_use16(hadal_session* session, hadal_knowledge* knowledge,
                                                      const uint16_t* options);

/* ---- Function table ------------------------------------------------------------------------------------------ */

/* Every function above but the UTF-16 twins under one pointer, for programs that load the library at run time. Grows at
 * the end only. */
typedef struct hadal_api {
  uint32_t size; /* of the library's table */
  int32_t abi;
  const char*(HADAL_CALL* version)(void);
  const char*(HADAL_CALL* last_error)(void);
  const char*(HADAL_CALL* status_name)(hadal_status);
  hadal_status(HADAL_CALL* describe)(const char*, char*, size_t, size_t*);
  hadal_status(HADAL_CALL* runtime_create)(const hadal_host*, const char*, hadal_runtime**);
  hadal_status(HADAL_CALL* runtime_step)(hadal_runtime*, int64_t, int32_t*);
  hadal_runtime*(HADAL_CALL* runtime_retain)(hadal_runtime*);
  void(HADAL_CALL* runtime_release)(hadal_runtime*);
  hadal_status(HADAL_CALL* model_plan)(hadal_runtime*, const char*, const char*, hadal_plan*);
  hadal_status(HADAL_CALL* model_open)(hadal_runtime*, const char*, const char*, hadal_model**);
  hadal_status(HADAL_CALL* model_open_progress)(hadal_runtime*, const char*, const char*, hadal_progress, void*,
                                                hadal_model**);
  hadal_status(HADAL_CALL* model_open_source)(hadal_runtime*, const hadal_source*, const char*, hadal_model**);
  hadal_status(HADAL_CALL* model_get)(hadal_model*, const char*, char*, size_t, size_t*);
  hadal_status(HADAL_CALL* model_render)(hadal_model*, const char*, int64_t, char*, size_t, size_t*);
  hadal_model*(HADAL_CALL* model_retain)(hadal_model*);
  void(HADAL_CALL* model_release)(hadal_model*);
  hadal_status(HADAL_CALL* quantize)(hadal_runtime*, const char*, const char*, const char*, const char*,
                                     hadal_progress, void*, char*, size_t, size_t*);
  hadal_status(HADAL_CALL* model_tokenize)(hadal_model*, const char*, int64_t, uint32_t, int32_t*, size_t, size_t*);
  hadal_status(HADAL_CALL* model_detokenize)(hadal_model*, const int32_t*, size_t, uint32_t, char*, size_t, size_t*);
  hadal_status(HADAL_CALL* model_token_text)(hadal_model*, int32_t, uint32_t, char*, size_t, size_t*);
  hadal_status(HADAL_CALL* session_create)(hadal_model*, const char*, hadal_session**);
  hadal_status(HADAL_CALL* session_fork)(hadal_session*, hadal_session**);
  hadal_status(HADAL_CALL* session_reset)(hadal_session*);
  hadal_status(HADAL_CALL* session_rewind)(hadal_session*, int64_t);
  hadal_status(HADAL_CALL* session_save)(hadal_session*, void*, size_t, size_t*);
  hadal_status(HADAL_CALL* session_restore)(hadal_session*, const void*, size_t);
  hadal_status(HADAL_CALL* session_set)(hadal_session*, const char*, const char*);
  hadal_status(HADAL_CALL* session_get)(hadal_session*, const char*, char*, size_t, size_t*);
  hadal_session*(HADAL_CALL* session_retain)(hadal_session*);
  void(HADAL_CALL* session_release)(hadal_session*);
  hadal_status(HADAL_CALL* session_add)(hadal_session*, const char*, const char*, int64_t);
  hadal_status(HADAL_CALL* session_add_tokens)(hadal_session*, const int32_t*, size_t);
  hadal_status(HADAL_CALL* session_add_text)(hadal_session*, const char*, int64_t, uint32_t);
  hadal_status(HADAL_CALL* session_render)(hadal_session*, const char*, int64_t, char*, size_t, size_t*);
  hadal_status(HADAL_CALL* session_next)(hadal_session*, int32_t*, char*, size_t, size_t*);
  hadal_status(HADAL_CALL* session_step)(hadal_session*, int64_t, int32_t*);
  hadal_status(HADAL_CALL* session_read)(hadal_session*, int32_t*, char*, size_t, size_t*);
  hadal_status(HADAL_CALL* session_wait)(hadal_session*, int64_t, int32_t*);
  hadal_status(HADAL_CALL* session_cancel)(hadal_session*);
  hadal_status(HADAL_CALL* session_watch)(hadal_session*, hadal_on_piece, void*);
  hadal_status(HADAL_CALL* ask)(hadal_session*, const char*, int64_t, char*, size_t, size_t*);
  hadal_status(HADAL_CALL* session_usage)(hadal_session*, hadal_usage*);
  hadal_status(HADAL_CALL* session_tokens)(hadal_session*, int64_t, int32_t*, size_t, size_t*);
  hadal_status(HADAL_CALL* session_logits)(hadal_session*, float*, size_t, size_t*);
  hadal_status(HADAL_CALL* session_top)(hadal_session*, int32_t*, float*, size_t, size_t*);
  hadal_status(HADAL_CALL* session_score)(hadal_session*, const char*, int64_t, uint32_t, double*, int64_t*);
  hadal_status(HADAL_CALL* model_embed)(hadal_model*, const char* const*, const int64_t*, size_t, const char*,
                                        hadal_progress, void*, float*, size_t, size_t*);
  hadal_status(HADAL_CALL* model_rerank)(hadal_model*, const char*, int64_t, const char* const*, const int64_t*, size_t,
                                         const char*, hadal_progress, void*, float*, size_t, size_t*);
  hadal_status(HADAL_CALL* knowledge_open)(hadal_model*, const char*, const char*, hadal_knowledge**);
  hadal_status(HADAL_CALL* knowledge_add_file)(hadal_knowledge*, const char*, hadal_progress, void*, int64_t*);
  hadal_status(HADAL_CALL* knowledge_add_text)(hadal_knowledge*, const char*, const char*, int64_t, hadal_progress,
                                               void*, int64_t*);
  hadal_status(HADAL_CALL* knowledge_sync)(hadal_knowledge*, const char*, const char*, hadal_progress, void*, char*,
                                           size_t, size_t*);
  hadal_status(HADAL_CALL* knowledge_remove)(hadal_knowledge*, const char*);
  hadal_status(HADAL_CALL* knowledge_list)(hadal_knowledge*, char*, size_t, size_t*);
  hadal_status(HADAL_CALL* knowledge_search)(hadal_knowledge*, const char*, int64_t, const char*, char*, size_t,
                                             size_t*);
  hadal_status(HADAL_CALL* knowledge_text)(hadal_knowledge*, const char*, char*, size_t, size_t*);
  hadal_status(HADAL_CALL* knowledge_check)(hadal_knowledge*, char*, size_t, size_t*);
  hadal_status(HADAL_CALL* knowledge_rerank)(hadal_knowledge*, hadal_model*);
  hadal_status(HADAL_CALL* knowledge_remember)(hadal_knowledge*, const char*, int64_t, int64_t*);
  hadal_status(HADAL_CALL* knowledge_forget)(hadal_knowledge*, int64_t);
  hadal_status(HADAL_CALL* knowledge_get)(hadal_knowledge*, const char*, char*, size_t, size_t*);
  hadal_status(HADAL_CALL* knowledge_set)(hadal_knowledge*, const char*, const char*);
  hadal_status(HADAL_CALL* knowledge_cancel)(hadal_knowledge*);
  hadal_knowledge*(HADAL_CALL* knowledge_retain)(hadal_knowledge*);
  void(HADAL_CALL* knowledge_release)(hadal_knowledge*);
  hadal_status(HADAL_CALL* session_use)(hadal_session*, hadal_knowledge*, const char*);
  hadal_status(HADAL_CALL* session_fill)(hadal_session*, const char*, int64_t, const char*, int64_t);
} hadal_api;

/* The table for a program made for interface `abi` (pass HADAL_ABI), or NULL if the library is older than that. Lives
 * as long as the library. */
HADAL_API const hadal_api* HADAL_CALL hadal_get_api(int32_t abi);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* HADAL_HADAL_H */
