/* storage.h - the host's extension "ek.storage/1": a few small values that a plugin keeps for as
 * long as it is installed. One set of keys for each plugin, shared by its collections. */
#ifndef EVENKEEL_EXT_STORAGE_H
#define EVENKEEL_EXT_STORAGE_H

#include <evenkeel/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EK_EXT_STORAGE "ek.storage/1"

/* At most: bytes of a key (at least one, UTF-8), bytes of a value, keys of a plugin. */
enum { EK_STORAGE_KEY_MAX = 256, EK_STORAGE_VALUE_MAX = 65536, EK_STORAGE_KEYS_MAX = 1000 };

/* Takes the value that `get` found, borrowed until it returns. Its answer is that of `get`. */
typedef ek_status (*ek_storage_sink)(void *sink_ctx, ek_str bytes);

/* All block on the disk, so never on [reactor]; else [any]. EK_E_INVALID: a key or value that is
 * too long or no good. EK_E_UNAVAILABLE: the disk, or too many keys; the host's log says more. */
typedef struct ek_storage {
    uint32_t size, reserved;
    void *ctx;
    /* EK_E_NOT_FOUND: there is no such key, and the sink is not called. */
    ek_status (*get)(void *ctx, ek_str key, void *sink_ctx, ek_storage_sink sink);
    /* Any bytes, also none. When it answers EK_OK the value outlives a loss of power; else the key
     * has its old value or this one. */
    ek_status (*put)(void *ctx, ek_str key, ek_str bytes);
    /* EK_OK, too, when there is no such key. */
    ek_status (*erase)(void *ctx, ek_str key);
} ek_storage;

#ifdef __cplusplus
}
#endif
#endif /* EVENKEEL_EXT_STORAGE_H */
