/* backend.h - the extension "ek.backend/1" of a collection that serves one thing through one of
 * several back ends: which one is in charge, for people to see. */
#ifndef EVENKEEL_EXT_BACKEND_H
#define EVENKEEL_EXT_BACKEND_H

#include <evenkeel/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EK_EXT_BACKEND "ek.backend/1"

typedef struct ek_backend { /* static storage, constant */
    uint32_t size, reserved;
    /* [worker] "apt"; absent: none is in charge. Stays as long as the instance, as does the text.
     * The host asks once, after open. */
    ek_str (*name)(ek_instance *);
} ek_backend;

#ifdef __cplusplus
}
#endif

#endif /* EVENKEEL_EXT_BACKEND_H */
