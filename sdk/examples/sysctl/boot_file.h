/* boot_file.h - /etc/sysctl.d/60-evenkeel.conf, which sets parameters at boot. Lines of others in
 * it stay as they are. One caller at a time. */
#ifndef SYSCTL_BOOT_FILE_H
#define SYSCTL_BOOT_FILE_H

#include "parameter.h"

#define BOOT_FOLDER "/etc/sysctl.d"
#define BOOT_FILE "60-evenkeel.conf"

/* The file's lines for the caller to free(), empty where there is no file; NULL and errno. Read it
 * once for many names. */
char* read_boot_file(void);

/* 1 and the value that the lines set `name` to: the last one counts. 0: none. */
int boot_value(const char* lines, const char* name, char value[VALUE_MAX]);

/* Has the file set `name` to `value`, in place of all that it said of it: written beside it, synced
 * and renamed. 0, or an errno. */
int set_boot_value(const char* name, const char* value);

#endif
