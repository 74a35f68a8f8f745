/* The layout of ABI 1.0 on LP64, frozen: every offset, and no byte of padding. Compiled as C11 and
 * as C++17; that it compiles is the test. */
#include <evenkeel/ext/backend.h>
#include <evenkeel/plugin.h>

#ifdef __cplusplus
#define EK_ASSERT(condition) static_assert(condition, #condition)
#else
#define EK_ASSERT(condition) _Static_assert(condition, #condition)
#endif
#define AT(type, field, offset) EK_ASSERT(offsetof(type, field) == (offset))
#define SIZE(type, bytes) EK_ASSERT(sizeof(type) == (bytes))

EK_ASSERT(sizeof(void *) == 8 && sizeof(size_t) == 8);

SIZE(ek_str, 16);
AT(ek_str, len, 8);

SIZE(ek_diag, 64);
AT(ek_diag, severity, 4);
AT(ek_diag, path, 8);
AT(ek_diag, summary, 24);
AT(ek_diag, detail, 40);
AT(ek_diag, retry_after_ms, 56);
AT(ek_diag, status, 60);

SIZE(ek_change, 64);
AT(ek_change, action, 4);
AT(ek_change, path, 8);
AT(ek_change, before, 24);
AT(ek_change, after, 40);
AT(ek_change, outcome, 56);
AT(ek_change, flags, 60);

SIZE(ek_item, 56);
AT(ek_item, flags, 4);
AT(ek_item, id, 8);
AT(ek_item, json, 24);
AT(ek_item, stamp, 40);

SIZE(ek_state, 24);
AT(ek_state, flags, 4);
AT(ek_state, json, 8);

SIZE(ek_progress, 24);
AT(ek_progress, permille, 4);
AT(ek_progress, message, 8);

SIZE(ek_out, 64);
AT(ek_out, reserved, 4);
AT(ek_out, ctx, 8);
AT(ek_out, item, 16);
AT(ek_out, state, 24);
AT(ek_out, change, 32);
AT(ek_out, diag, 40);
AT(ek_out, progress, 48);
AT(ek_out, about, 56);

SIZE(ek_call, 72);
AT(ek_call, flags, 4);
AT(ek_call, deadline_ns, 8);
AT(ek_call, cancel_fd, 16);
AT(ek_call, limit, 20);
AT(ek_call, request_id, 24);
AT(ek_call, out, 40);
AT(ek_call, cancelled, 48);
AT(ek_call, stamps, 56);
AT(ek_call, stamp_count, 64);

SIZE(ek_host, 80);
AT(ek_host, abi_minor, 4);
AT(ek_host, ctx, 8);
AT(ek_host, name, 16);
AT(ek_host, version, 32);
AT(ek_host, data_dir, 48);
AT(ek_host, log, 64);
AT(ek_host, extension, 72);

SIZE(ek_watch_host, 56);
AT(ek_watch_host, reserved, 4);
AT(ek_watch_host, ctx, 8);
AT(ek_watch_host, fd, 16);
AT(ek_watch_host, timer, 24);
AT(ek_watch_host, changed, 32);
AT(ek_watch_host, unsettled, 40);
AT(ek_watch_host, missed, 48);

SIZE(ek_collection, 184);
AT(ek_collection, schema_version, 4);
AT(ek_collection, caps, 8);
AT(ek_collection, name, 16);
AT(ek_collection, schema_json, 32);
AT(ek_collection, config_schema_json, 48);
AT(ek_collection, actions_json, 64);
AT(ek_collection, list, 80);
AT(ek_collection, read, 88);
AT(ek_collection, apply, 96);
AT(ek_collection, remove, 104);
AT(ek_collection, invoke, 112);
AT(ek_collection, compare, 120);
AT(ek_collection, upgrade, 128);
AT(ek_collection, watch_open, 136);
AT(ek_collection, watch_interest, 144);
AT(ek_collection, watch_ready, 152);
AT(ek_collection, watch_close, 160);
AT(ek_collection, extension, 168);
AT(ek_collection, apply_many, 176);

SIZE(ek_module, 88);
AT(ek_module, abi_major, 4);
AT(ek_module, abi_minor, 6);
AT(ek_module, id, 8);
AT(ek_module, version, 24);
AT(ek_module, manifest_json, 40);
AT(ek_module, collections, 56);
AT(ek_module, collection_count, 64);
AT(ek_module, open, 72);
AT(ek_module, close, 80);

SIZE(ek_backend, 16);
AT(ek_backend, reserved, 4);
AT(ek_backend, name, 8);
