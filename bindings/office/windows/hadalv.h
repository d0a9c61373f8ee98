/* hadalv.h: the calls for VBA's Declare; made by bindings/office/generate.py; do not edit.
 * All are __stdcall with undecorated names. Text in: UTF-16 and a length, -1 = up to the zero unit. Text out: a
 * VARIANT, cleared first. Each returns a hadal_status. Any thread, but a session only one at a time. */
#ifndef HADALV_H
#define HADALV_H

#include <stdint.h>

#include <oleauto.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hadalv_session hadalv_session;

typedef int32_t(__stdcall* hadalv_on_piece)(intptr_t user, int32_t kind, const wchar_t* text, int32_t length);

/* The library's version. */
int32_t __stdcall hadalv_version(VARIANT* text);

/* What went wrong in this thread's last failed call, as one sentence. */
int32_t __stdcall hadalv_last_error(VARIANT* text);

/* "HADAL_NOT_FOUND" for -2 and so on. */
int32_t __stdcall hadalv_status_name(int32_t status, VARIANT* text);

/* What the library can do, as JSON; topics: build, cpu, devices, options, licences. */
int32_t __stdcall hadalv_describe(const wchar_t* topic, int32_t topic_length, VARIANT* json);

/* The models on this machine: an array of texts, the default one first. */
int32_t __stdcall hadalv_models(VARIANT* names);

/* A conversation with a model, loaded on first use and shared by the process. model: a file, a folder, a name of
 * the Ollama store, or "" for the default one. options: of the model, "threads=2". */
int32_t __stdcall hadalv_open(const wchar_t* model, int32_t model_length, const wchar_t* options,
                              int32_t options_length, hadalv_session** session);

/* Ends a conversation. 0 is fine. */
int32_t __stdcall hadalv_close(hadalv_session* session);

/* Sets an option: temperature, max_tokens, system, seed, ... */
int32_t __stdcall hadalv_set(hadalv_session* session, const wchar_t* key, int32_t key_length, const wchar_t* value,
                             int32_t value_length);

/* An option, or one of: finish, answer, thought, messages (JSON), prompt, tokens. */
int32_t __stdcall hadalv_get(hadalv_session* session, const wchar_t* key, int32_t key_length, VARIANT* value);

/* A fact about the model: name, context, parameters, license, ... */
int32_t __stdcall hadalv_model_get(hadalv_session* session, const wchar_t* key, int32_t key_length, VARIANT* value);

/* Adds a message without asking. role: system, user, assistant. */
int32_t __stdcall hadalv_add(hadalv_session* session, const wchar_t* role, int32_t role_length,
                             const wchar_t* message, int32_t message_length);

/* Forgets the conversation; options stay. */
int32_t __stdcall hadalv_reset(hadalv_session* session);

/* Asks and waits for the whole answer. Escape stops it. */
int32_t __stdcall hadalv_ask(hadalv_session* session, const wchar_t* prompt, int32_t prompt_length, VARIANT* answer);

/* The same with a callback for each piece, on this thread: Function(ByVal user As LongPtr, ByVal kind As Long,
 * ByVal text As LongPtr, ByVal length As Long) As Long, in a standard module, with On Error Resume Next; 0 = go
 * on, else stop. */
int32_t __stdcall hadalv_stream(hadalv_session* session, const wchar_t* prompt, int32_t prompt_length,
                                hadalv_on_piece on_piece, intptr_t user, VARIANT* answer);

/* Asks and returns at once. Take the answer with next. */
int32_t __stdcall hadalv_start(hadalv_session* session, const wchar_t* prompt, int32_t prompt_length);

/* Waits up to timeout_ms for a piece. 0 a piece; 1 nothing yet; 2 the answer is over. kind: 1 thought, 2 answer, 3
 * tool call. */
int32_t __stdcall hadalv_next(hadalv_session* session, int32_t timeout_ms, int32_t* kind, VARIANT* piece);

/* Stops the answer in the making. What came so far stays. */
int32_t __stdcall hadalv_cancel(hadalv_session* session);

/* The tokens of a text: an array of Long. */
int32_t __stdcall hadalv_tokenize(hadalv_session* session, const wchar_t* text, int32_t text_length, VARIANT* tokens);

/* The text of an array of tokens. */
int32_t __stdcall hadalv_detokenize(hadalv_session* session, const VARIANT* tokens, VARIANT* text);

/* Of the last answer: tokens read, tokens written, seconds of computing. */
int32_t __stdcall hadalv_usage(hadalv_session* session, int32_t* prompt_tokens, int32_t* answer_tokens,
                               double* seconds);

/* A Hadal.Session object without any registration: Dim s As Object, then s.Ask("..."). */
int32_t __stdcall hadalv_object(IDispatch** result);

/* Stops everything and frees the models. The next call starts anew. */
int32_t __stdcall hadalv_shutdown(void);

#ifdef __cplusplus
}
#endif

#endif
