#define _GNU_SOURCE
#include "boot_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW_FILE ".60-evenkeel.conf.new"

static const char kTitle[] = "# Kept by Evenkeel: the collection sysctl.\n";

enum { FILE_MAX = 1 << 20 };

char* read_boot_file(void) {
    size_t length = 0;
    ssize_t count = 1;
    char* lines;
    int reason = 0;
    int fd = open(BOOT_FOLDER "/" BOOT_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT ? calloc(1, 1) : NULL;
    lines = malloc(FILE_MAX + 1);
    if (!lines) reason = ENOMEM;
    while (reason == 0 && count > 0) {
        count = read(fd, lines + length, FILE_MAX + 1 - length);
        if (count < 0) reason = errno;
        else length += (size_t)count;
        if (length > FILE_MAX) reason = EFBIG;
    }
    close(fd);
    if (reason != 0) {
        free(lines);
        errno = reason;
        return NULL;
    }
    lines[length] = '\0';
    return lines;
}

static const char* end_of(const char* line) {
    const char* end = strchr(line, '\n');
    return end ? end : line + strlen(line);
}

static const char* skip_blanks(const char* at, const char* end) {
    while (at < end && (*at == ' ' || *at == '\t')) ++at;
    return at;
}

/* Where the value begins, if this line sets `name`: "name = value", with a "-" before it or not. */
static const char* setting_of(const char* line, const char* end, const char* name) {
    const size_t length = strlen(name);
    const char* at = skip_blanks(line, end);
    if (at < end && *at == '-') at = skip_blanks(at + 1, end);
    if ((size_t)(end - at) < length || memcmp(at, name, length) != 0) return NULL;
    at = skip_blanks(at + length, end);
    return at < end && *at == '=' ? skip_blanks(at + 1, end) : NULL;
}

int boot_value(const char* lines, const char* name, char value[VALUE_MAX]) {
    int found = 0;
    while (*lines) {
        const char *end = end_of(lines), *at = setting_of(lines, end, name);
        if (at) {
            const char* last = end;
            while (last > at && (last[-1] == ' ' || last[-1] == '\t' || last[-1] == '\r')) --last;
            found = (size_t)(last - at) < VALUE_MAX;
            if (found) {
                memcpy(value, at, (size_t)(last - at));
                value[last - at] = '\0';
            }
        }
        lines = *end ? end + 1 : end;
    }
    return found;
}

/* 0, or -1 and errno. */
static int write_lines(FILE* file, const char* lines, const char* name, const char* value) {
    if (!*lines) fputs(kTitle, file);
    while (*lines) {
        const char* end = end_of(lines);
        if (!setting_of(lines, end, name)) fprintf(file, "%.*s\n", (int)(end - lines), lines);
        lines = *end ? end + 1 : end;
    }
    fprintf(file, "%s = %s\n", name, value);
    return fflush(file) == 0 && !ferror(file) && fsync(fileno(file)) == 0 ? 0 : -1;
}

static int replace(int folder, const char* lines, const char* name, const char* value) {
    int fd, is_good;
    FILE* file;
    if (unlinkat(folder, NEW_FILE, 0) != 0 && errno != ENOENT) return -1;
    fd = openat(folder, NEW_FILE, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0) return -1;
    file = fdopen(fd, "w");
    if (!file) {
        close(fd);
        return -1;
    }
    /* Whatever the umask: others may read what is set at boot, as everywhere in this folder. */
    is_good = fchmod(fd, 0644) == 0 && write_lines(file, lines, name, value) == 0;
    is_good = fclose(file) == 0 && is_good;
    if (!is_good || renameat(folder, NEW_FILE, folder, BOOT_FILE) != 0) return -1;
    return fsync(folder);
}

int set_boot_value(const char* name, const char* value) {
    char* lines;
    int folder, done;
    if (mkdir(BOOT_FOLDER, 0755) != 0 && errno != EEXIST) return errno;
    lines = read_boot_file();
    if (!lines) return errno;
    folder = open(BOOT_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    done = folder >= 0 ? replace(folder, lines, name, value) : -1;
    free(lines);
    if (folder >= 0) {
        const int reason = errno;
        close(folder);
        errno = reason;
    }
    return done == 0 ? 0 : errno;
}
