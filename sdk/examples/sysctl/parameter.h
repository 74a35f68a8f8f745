/* parameter.h - parameters of the kernel by their names, "net.ipv4.ip_forward". [any] */
#ifndef SYSCTL_PARAMETER_H
#define SYSCTL_PARAMETER_H

#include <evenkeel/plugin.h>

enum { NAME_MAX_BYTES = 520, PATH_MAX_BYTES = NAME_MAX_BYTES + 16, VALUE_MAX = 4096 };

/* The name with a zero byte behind it; 0 for one that is none. Its parts have no dots and no
 * slashes, so no name leads out of /proc/sys. */
int name_of(ek_str id, char name[NAME_MAX_BYTES]);

/* "/proc/sys/net/ipv4/ip_forward". */
void path_of(const char* name, char path[PATH_MAX_BYTES]);

/* 0 and the value, without the white space around it and with one space for any within it; or an
 * errno: ENOENT also for a folder of parameters, EFBIG for more than VALUE_MAX - 1 bytes. */
int read_value(const char* name, char value[VALUE_MAX]);

/* 0, or an errno: EINVAL is the kernel's, for a value that it does not take. */
int write_value(const char* name, const char* value);

#endif
