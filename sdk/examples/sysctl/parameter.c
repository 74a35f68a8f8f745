#define _GNU_SOURCE
#include "parameter.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_part(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

int name_of(ek_str id, char name[NAME_MAX_BYTES]) {
    size_t i, dots = 0;
    if (!id.ptr || id.len == 0 || id.len >= NAME_MAX_BYTES) return 0;
    for (i = 0; i < id.len; ++i) {
        const int is_dot = id.ptr[i] == '.';
        if (!is_dot && !is_part(id.ptr[i])) return 0;
        if (is_dot && (i == 0 || i + 1 == id.len || id.ptr[i - 1] == '.')) return 0;
        dots += (size_t)is_dot;
    }
    memcpy(name, id.ptr, id.len);
    name[id.len] = '\0';
    return dots > 0;
}

void path_of(const char* name, char path[PATH_MAX_BYTES]) {
    char* at;
    snprintf(path, PATH_MAX_BYTES, "/proc/sys/%s", name);
    for (at = path; *at; ++at)
        if (*at == '.') *at = '/';
}

/* Values of several numbers have tabs between them, each kernel in its own way. */
static void squeeze(char* value) {
    const char* from = value;
    char* to = value;
    while (*from) {
        if (!isspace((unsigned char)*from)) {
            *to++ = *from++;
            continue;
        }
        while (isspace((unsigned char)*from)) ++from;
        if (to != value && *from) *to++ = ' ';
    }
    *to = '\0';
}

int read_value(const char* name, char value[VALUE_MAX]) {
    char path[PATH_MAX_BYTES];
    struct stat info;
    ssize_t count = 1;
    size_t length = 0;
    int fd, reason = 0;
    path_of(name, path);
    fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return errno == ENOTDIR ? ENOENT : errno;
    if (fstat(fd, &info) != 0) reason = errno;
    else if (!S_ISREG(info.st_mode)) reason = ENOENT;
    while (reason == 0 && count > 0) {
        count = read(fd, value + length, VALUE_MAX - 1 - length);
        if (count < 0) reason = errno;
        else length += (size_t)count;
        if (length == VALUE_MAX - 1) reason = EFBIG;
    }
    close(fd);
    if (reason != 0) return reason;
    value[length] = '\0';
    squeeze(value);
    return 0;
}

int write_value(const char* name, const char* value) {
    char path[PATH_MAX_BYTES], line[VALUE_MAX + 1];
    int fd, reason = 0, length;
    path_of(name, path);
    length = snprintf(line, sizeof line, "%s\n", value);
    if (length < 0 || (size_t)length >= sizeof line) return EINVAL;
    fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return errno;
    /* One write: the kernel takes a value in one piece. */
    if (write(fd, line, (size_t)length) != length) reason = errno ? errno : EIO;
    close(fd);
    return reason;
}
