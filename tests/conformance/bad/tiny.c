/* The smallest shared objects that are wrong in how they are linked: see meson.build. */
#include <stddef.h>

const void *ek_module_v1(void);
const void *ek_module_v1(void) { return NULL; }

/* What a plugin has no need to export. */
int tray_helper(void);
int tray_helper(void) { return 1; }

#ifdef ELSEWHERE
extern void nobody_has_this(void);
void (*tray_used)(void) = nobody_has_this;
#endif

#ifdef UNIQUE
__asm__(".pushsection .data\n.globl tray_unique\n.type tray_unique, %gnu_unique_object\n"
        "tray_unique: .long 1\n.size tray_unique, 4\n.popsection\n");
#endif
