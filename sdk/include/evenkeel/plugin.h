/* plugin.h - the ABI between a host (the Evenkeel agent) and a plugin, major 1.
 *
 * A plugin is a shared object that exports one function, ek_module_v1. It serves collections of
 * resources (files, services, ...). Descriptions (what is asked for) and states (what was read) are
 * JSON objects; docs/plugin-abi.md has the whole contract, plugin.hpp a C++ wrapper that hides the
 * tables below. C11 or C++17, no dependencies.
 *
 * Threads. [worker] may block; never two calls at once on one instance, unless EK_CAP_PARALLEL:
 * then any number of them, on as many threads, between `open` and `close`.
 * [reactor] must not block; never two calls at once on one watch; can overlap [worker]. [any]
 * thread-safe.
 *
 * Memory. Nobody frees what the other side allocated. Inputs are borrowed until the call returns;
 * the host copies outputs before its callback returns. Strings are UTF-8 and not NUL-terminated.
 *
 * Failure. No exception and no longjmp leaves a function here. A call that does not answer EK_OK
 * has sent at least one diagnostic of EK_SEV_ERROR, except after EK_E_CANCELLED or when it hands
 * back the code of a callback that told it to stop.
 *
 * Process. It is shared with the host and with other plugins, so a plugin leaves alone what belongs
 * to all of it: working directory, umask, environment, locale, signal handlers and masks, resource
 * limits, user and group ids, and the descriptors 0 to 2, which it neither closes, reads nor
 * writes. It never ends the process, forks only to exec, makes every descriptor close-on-exec, and
 * has ended its threads and waited for its children when `close` returns. */
#ifndef EVENKEEL_PLUGIN_H
#define EVENKEEL_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EK_ABI_MAJOR 1 /* also in the entry symbol: a v2 is a new symbol, both can be exported */
#define EK_ABI_MINOR 0 /* +1 whenever a struct or a list of numbers below grows */

/* Every struct begins with `size`: sizeof() in the header its OWNER was built with. Fields are only
 * ever appended, without implicit padding (a later field must not appear inside the padding of an
 * older struct). Accept any size from that of release 1.0 upwards, and read a field that 1.0 does
 * not have only after EK_HAS, which looks at the size alone. All callbacks that a host has in 1.0
 * are there; one that was appended may be NULL: EK_HAS(T, p, f) && p->f. A field `reserved`, and
 * flags that have no meaning yet, are 0 when they are written and not looked at when they are read.
 *
 * Lists of numbers grow too. A number that is not known counts as: a status EK_E_INTERNAL, a
 * severity EK_SEV_WARNING, an action EK_ACT_SET, an outcome EK_OUT_DONE (EK_OUT_PLANNED in a dry
 * run), a hint EK_HINT_CHANGED, a stream EK_STREAM_OUT. The words are kept. Flags and capabilities
 * that are not known are ignored. */
#define EK_HAS(T, p, f) ((p)->size >= offsetof(T, f) + sizeof((p)->f))

typedef struct ek_str {
    const char *ptr;
    size_t len;
} ek_str; /* {NULL, 0} is "absent"; never grows */

typedef int32_t ek_status;
enum {
    EK_OK = 0,
    EK_E_INVALID = 1,      /* the input is wrong; trying again changes nothing */
    EK_E_NOT_FOUND = 2,    /* the resource, or something it needs, is not there */
    EK_E_UNSUPPORTED = 3,  /* this collection or platform cannot do this */
    EK_E_DENIED = 4,       /* refused by the system, or too dangerous to do */
    EK_E_BUSY = 5,         /* retry later: a lock is held */
    EK_E_UNAVAILABLE = 6,  /* the back end is missing or has run out of something */
    EK_E_CONFLICT = 7,     /* the state forbids this, or it moved under us */
    EK_E_TIMEOUT = 8,      /* the deadline passed */
    EK_E_CANCELLED = 9,    /* the host cancelled the call */
    EK_E_PARTIAL = 10,     /* apply, remove, apply_many: some was done, see the change records */
    EK_E_INTERNAL = 11,    /* a bug, or a failure that nobody can act on */
    EK_E_STALE = 12        /* what is known here is too old to tell */
};

/* DEBUG and INFO go to the host's log. WARNING is a note: an administrator sees it with the plan or
 * the result of the resource. ERROR says why a call, an entry or an item failed. */
enum { EK_SEV_DEBUG = 1, EK_SEV_INFO = 2, EK_SEV_WARNING = 3, EK_SEV_ERROR = 4 };
/* SET: a value became another. ADD: what was not there is. REMOVE: it is not any more. REPLACE: the
 * whole thing was made anew for it. */
enum { EK_ACT_SET = 1, EK_ACT_ADD = 2, EK_ACT_REMOVE = 3, EK_ACT_REPLACE = 4 };
/* A dry run sends PLANNED and nothing else, any other call none of it. FAILED: it was tried; the
 * call fails too. SKIPPED: it was not, because of what failed before. */
enum { EK_OUT_PLANNED = 1, EK_OUT_DONE = 2, EK_OUT_FAILED = 3, EK_OUT_SKIPPED = 4 };

/* Flags of a change. With SENSITIVE the host shows keyed fingerprints in place of both values and
 * keeps neither. NEEDS_: the change takes effect only when what uses the resource (a daemon, a
 * session) is started anew, or the machine; administrators see it, and a reboot that is needed
 * until there was one. */
enum { EK_CHG_SENSITIVE = 1u, EK_CHG_NEEDS_RESTART = 2u, EK_CHG_NEEDS_REBOOT = 4u };

/* Flags of a call; ignore those you do not know. DRY_RUN: report the changes as planned and make
 * none. DESCRIBE (list and read): send in place of the state the description by which apply makes
 * the same elsewhere, secrets and contents too; leave out what is not for anybody to describe.
 * REPAIR (apply, remove): nobody orders this now, the host repairs a drift or tries again after a
 * failure; spare what can be done only so often, with EK_E_BUSY and retry_after_ms. */
enum { EK_CALL_DRY_RUN = 1u, EK_CALL_DESCRIBE = 2u, EK_CALL_REPAIR = 4u };

/* What a collection can do. The pointer of an operation is NULL exactly when its bit is clear.
 * READ is never missing. Without REMOVE a resource cannot be absent, and without APPLY it can only
 * be compared with what is described: the host refuses what asks for more. */
enum {
    EK_CAP_LIST = 1u,
    EK_CAP_READ = 2u,
    EK_CAP_APPLY = 4u,
    EK_CAP_REMOVE = 8u,
    EK_CAP_PLAN = 16u, /* apply and remove honour DRY_RUN; without it the host never sets that */
    EK_CAP_COMPARE = 32u,
    EK_CAP_WATCH = 64u,
    EK_CAP_UPGRADE = 128u,
    EK_CAP_PARALLEL = 256u,
    EK_CAP_INVOKE = 512u,
    EK_CAP_BATCH = 1024u,    /* apply_many, which honours DRY_RUN where apply does */
    EK_CAP_DESCRIBE = 2048u, /* list and read honour DESCRIBE; else the host never sets it */
    EK_CAP_NORMALIZE = 4096u
};

typedef struct ek_diag { /* something said in words */
    uint32_t size;
    int32_t severity;        /* EK_SEV_ */
    ek_str path;             /* RFC 6901 pointer into the input; absent: about the whole */
    ek_str summary, detail;  /* one sentence each: what is wrong; what to do about it (or absent) */
    uint32_t retry_after_ms; /* of an error: until the host tries again by itself; 0: no advice */
    ek_status status;        /* of an error about one of many, or of what ended a call in part
                              * (EK_E_PARTIAL); 0: that of the call */
} ek_diag;

typedef struct ek_change { /* one field; the same shape planned and done */
    uint32_t size;
    int32_t action;       /* EK_ACT_ */
    ek_str path;          /* RFC 6901 pointer into the description; "/ensure" is existence */
    ek_str before, after; /* JSON values; absent if there is none */
    int32_t outcome;      /* EK_OUT_ */
    uint32_t flags;       /* EK_CHG_ */
} ek_change;

/* One resource found by list or read. */
typedef struct ek_item {
    uint32_t size, flags; /* flags: EK_ITEM_ */
    ek_str id;
    ek_str json; /* its state; absent with an error and with EK_ITEM_UNCHANGED */
    /* read: what the plugin knows this state again by, at most 64 bytes of its own choice; absent:
     * nothing. The host hands it back (ek_call.stamps) to this instance only and looks at nothing
     * in it. Equal stamps of an id mean equal states, so it is no plain hash of what a stranger may
     * choose. */
    ek_str stamp;
    /* Why this one cannot be read; NULL: it can. The others are still sent, and the call answers
     * EK_OK. Its status is why; 0 means EK_E_UNAVAILABLE. */
    const ek_diag *error;
} ek_item;

/* UNCHANGED (read): the state is the one of the stamp that the call gave for this id. */
enum { EK_ITEM_UNCHANGED = 1u };

/* The whole state of one resource. */
typedef struct ek_state {
    uint32_t size, flags; /* flags: 0 */
    ek_str json;
} ek_state;

/* How far a call has come. */
typedef struct ek_progress {
    uint32_t size, permille; /* permille: 0 to 1000 */
    ek_str message;          /* one line */
} ek_progress;

/* What a program that the call ran has printed, piece by piece: any bytes, in pieces of any size.
 * The host keeps the beginning and the end, 64 KiB together, and counts the rest. */
typedef struct ek_output {
    uint32_t size;
    int32_t stream; /* EK_STREAM_ */
    ek_str bytes;
} ek_output;
enum { EK_STREAM_OUT = 1, EK_STREAM_ERR = 2 };

/* Whom the answers that follow are about. */
typedef struct ek_subject {
    uint32_t size, flags; /* flags: 0 */
    ek_str id;
} ek_subject;

/* Where a call's answers go. The host's, usable inside this call and on its thread only. A callback
 * that answers anything but EK_OK means: stop, undo nothing, return that code. Once the call is
 * cancelled all answer EK_E_CANCELLED, and what they were given is taken all the same: report to
 * the end what was done already (about, change, state, diag), then return. */
typedef struct ek_out {
    uint32_t size, reserved;
    void *ctx;
    ek_status (*item)(void *ctx, const ek_item *item);
    /* The whole state after apply (or the description that upgrade made), at most once; in
     * apply_many at most once for each id. */
    ek_status (*state)(void *ctx, const ek_state *state);
    ek_status (*change)(void *ctx, const ek_change *change);
    ek_status (*diag)(void *ctx, const ek_diag *diag);
    ek_status (*progress)(void *ctx, const ek_progress *progress);
    ek_status (*output)(void *ctx, const ek_output *output);
    /* In apply_many: what is sent from now on is about this id, until the next one. */
    ek_status (*about)(void *ctx, const ek_subject *subject);
} ek_out;

typedef struct ek_call {
    uint32_t size, flags; /* flags: EK_CALL_ */
    uint64_t deadline_ns; /* CLOCK_MONOTONIC; 0: none */
    int32_t cancel_fd;    /* readable once cancelled, -1: none; poll it, never read it */
    uint32_t reserved;
    ek_str request_id;
    const ek_out *out;
    /* [any] cheap; 1 once cancelled. To ask is a sign of life, as is every callback of `out`: a
     * call silent for longer than the host's patience (2 min by default) is taken for hung. */
    int32_t (*cancelled)(const struct ek_call *self);
    /* read: of each id, by its index, the stamp of the state that the host knows; absent: of none.
     * The plugin may answer such an id with EK_ITEM_UNCHANGED and without the JSON. */
    const ek_str *stamps;
    size_t stamp_count; /* 0, or the number of ids */
} ek_call;

typedef struct ek_host { /* outlives every instance */
    uint32_t size, abi_minor;
    void *ctx;
    ek_str name, version;
    ek_str data_dir; /* private and writable; absent: this host has none */
    /* [any] One entry in the host's log; never an input whole. fields_json: object, or absent. */
    void (*log)(void *ctx, int32_t severity, ek_str message, ek_str fields_json);
    /* [any] An interface of the host by its id ("ek.storage/1"); NULL: this host has none. What it
     * points to outlives every instance. */
    const void *(*extension)(void *ctx, const char *id);
} ek_host;

/* What a watch has seen. */
typedef struct ek_hint {
    uint32_t size;
    int32_t kind; /* EK_HINT_ */
    ek_str id;    /* of at most 4,096 bytes; absent: any resource (not with UNSETTLED) */
} ek_hint;

/* CHANGED: the resource may have changed and is settled: the host reads it again and coalesces.
 * UNSETTLED: somebody is at work on it, and what is read now may be half done. The host judges no
 * difference until CHANGED has come for it, which must follow, or a minute has passed since it was
 * told last: tell it again while the change goes on.
 * MISSED, without an id: what happened was lost (a queue overflowed, a connection broke); all are
 * read again, and administrators are told that nobody looked for a while. */
enum { EK_HINT_CHANGED = 1, EK_HINT_UNSETTLED = 2, EK_HINT_MISSED = 3 };

/* The host's reactor, as one watch sees it. [reactor], and inside watch_open. Valid from watch_open
 * until watch_close has returned. */
typedef struct ek_watch_host {
    uint32_t size, reserved;
    void *ctx;
    /* Calls watch_ready while `fd` has one of these poll(2) events; 0 forgets it. The descriptor
     * stays the plugin's, is non-blocking, and is forgotten before it is closed. */
    ek_status (*fd)(void *ctx, int32_t fd, uint32_t poll_events);
    /* Calls watch_ready(-1) once at this CLOCK_MONOTONIC time; 0: not at all. One timer a watch. */
    ek_status (*timer)(void *ctx, uint64_t at_ns);
    /* [any], until watch_close has returned. */
    void (*hint)(void *ctx, const ek_hint *hint);
} ek_watch_host;

typedef struct ek_instance ek_instance; /* the plugin's: one collection with one configuration */
typedef struct ek_watch ek_watch;       /* the plugin's */

typedef struct ek_collection { /* static storage, constant */
    uint32_t size;
    uint32_t schema_version; /* from 1; +1 when a stored description needs `upgrade` */
    uint64_t caps;           /* EK_CAP_ */
    ek_str name;             /* [a-z][a-z0-9_]{0,63} */
    ek_str schema_json;      /* of descriptions and states; the subset common to Draft 7, 2020-12 */
    ek_str config_schema_json; /* of the configuration that `open` is given */
    ek_str actions_json; /* {"restart": {schema of its arguments}}; absent without EK_CAP_INVOKE */

    /* [worker] One `item` for each resource. filter_json: absent, or {"ids": [...]}, of which only
     * those that exist are sent. EK_E_UNSUPPORTED: too many to list, only a filter will do. */
    ek_status (*list)(ek_instance *, const ek_call *, ek_str filter_json);
    /* [worker] One `item` for each id of the JSON array that exists or cannot be read;
     * EK_E_NOT_FOUND only if there is none. */
    ek_status (*read)(ek_instance *, const ek_call *, ek_str ids_json);
    /* [worker] Brings the resource in line with the description: a `change` for each field that
     * was wrong, then one `state`. A second call finds nothing to do. DRY_RUN sends the same
     * changes as planned and no state. The host has checked the description against the schema. */
    ek_status (*apply)(ek_instance *, const ek_call *, ek_str id, ek_str desired_json);
    /* [worker] Makes the resource absent. Absent already: EK_OK and no change. */
    ek_status (*remove)(ek_instance *, const ek_call *, ek_str id);
    /* [worker] Several applies and removes in one, for what can be done at one go (a transaction
     * of packages). entries_json: [{"id": ..., "desired": {...} or null}], no id twice; null is a
     * remove. Each entry is answered: `about`, then what apply or remove would send for it. An
     * entry fails by an error diagnostic after its `about`, the others are still done, and the
     * call answers EK_E_PARTIAL. Any other failure is that of every entry. */
    ek_status (*apply_many)(ek_instance *, const ek_call *, ek_str entries_json);
    /* [worker] Does one of the verbs of actions_json; arguments_json is an object. Sends what apply
     * may send: changes, output, progress and at most one state. */
    ek_status (*invoke)(ek_instance *, const ek_call *, ek_str id, ek_str action,
                        ek_str arguments_json);
    /* [worker] A `change` for each field in which the state is not as described: before is what is,
     * after what was asked for. Pure: no system call, the same every time. Only for what the
     * schema's x-ek- words cannot say; without it the host compares by them. */
    ek_status (*compare)(ek_instance *, const ek_call *, ek_str desired, ek_str actual);
    /* [worker] Sends one `item`, without JSON, whose id is how this id is written: for one resource
     * there is one spelling. EK_E_INVALID: no id at all. Pure, as compare. */
    ek_status (*normalize)(ek_instance *, const ek_call *, ek_str id);
    /* [worker] Sends as `state` what a description of an older schema version is in this one. */
    ek_status (*upgrade)(ek_instance *, const ek_call *, uint32_t from_version, ek_str json);
    /* [worker] EK_E_UNAVAILABLE: this machine cannot watch now; the host then relies on sweeps. */
    ek_status (*watch_open)(ek_instance *, const ek_call *, const ek_watch_host *, ek_watch **);
    /* [reactor] Begins (1) or ends (0) to watch one resource, which need not exist.
     * EK_E_UNAVAILABLE: this one cannot be watched (a limit of the system, said in the log); the
     * others still are, and the host shows it as `watch_lost`. */
    ek_status (*watch_interest)(ek_watch *, ek_str id, int32_t on);
    /* [reactor] `fd` has these poll(2) events; -1: the timer. A failure ends the watch: the host
     * closes it and opens another. */
    ek_status (*watch_ready)(ek_watch *, int32_t fd, uint32_t revents);
    /* [reactor] Forgets and closes every descriptor; ek_watch_host is gone afterwards. */
    void (*watch_close)(ek_watch *);
    /* [any] An interface of the plugin by its id ("vendor.name/1"); NULL: it has none. The pointer
     * itself may be NULL. */
    const void *(*extension)(ek_instance *, const char *id);
} ek_collection;

typedef struct ek_module { /* static storage, constant */
    uint32_t size;
    uint16_t abi_major, abi_minor;
    ek_str id;            /* "org.example.cron" */
    ek_str version;       /* semantic version */
    ek_str manifest_json; /* byte-equal to the manifest beside the shared object */
    const ek_collection *const *collections; /* pointers, so that their elements can grow */
    size_t collection_count;
    /* [worker] A failed open leaves the instance NULL. */
    ek_status (*open)(const ek_host *, const ek_call *, const ek_collection *, ek_str config_json,
                      ek_instance **);
    void (*close)(ek_instance *); /* [worker] after every watch_close */
} ek_module;

/* The one exported symbol: no side effects, the same pointer each time, never NULL. [any] */
__attribute__((visibility("default"))) const ek_module *ek_module_v1(void);

#ifdef __cplusplus
}
#endif
#endif /* EVENKEEL_PLUGIN_H */
