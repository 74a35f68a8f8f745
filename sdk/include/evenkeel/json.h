/* json.h - optional: JSON for plugins in C. Nothing to link, and the reader allocates nothing.
 *
 * Reading. Check a text once with ek_json_error, which has the rules of the host: one value, UTF-8,
 * at most EK_JSON_DEPTH_MAX levels. After that a value is the ek_str of its own text, inside the
 * checked one:
 *
 *     ek_str text;
 *     if (ek_json_error(desired)) ...
 *     switch (ek_json_member(desired, "text", &text)) {
 *         case 1: the value of the member is in `text`
 *         case 0: there is no such member
 *         case -1: no object, or the name is there twice
 *     }
 *     char *copy = ek_json_copy_text(text, &length);
 *
 * Writing. An ek_json_out grows by itself and remembers when memory ran out:
 *
 *     ek_json_out out = {0};
 *     ek_json_open(&out, '{');
 *     ek_json_key(&out, "text");
 *     ek_json_put_text(&out, note, length);
 *     ek_json_close(&out, '}');
 *     if (!out.failed) use ek_json_written(&out);
 *     free(out.text);
 *
 * All functions are [any]. No function recurses. */
#ifndef EVENKEEL_JSON_H
#define EVENKEEL_JSON_H

#include <evenkeel/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { EK_JSON_DEPTH_MAX = 64 };

/* Of the host's and the author's constants: ek_json_str("notes"). Absent for NULL. */
static inline ek_str ek_json_str(const char *text) {
    ek_str view;
    view.ptr = text;
    view.len = text ? strlen(text) : 0;
    return view;
}

/* ---- reading: below the surface ---- */

static inline int ek_json_is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static inline const char *ek_json_skip(const char *at, const char *end) {
    while (at < end && ek_json_is_space(*at)) ++at;
    return at;
}

/* How many bytes the UTF-8 sequence at `at` has; 0: it is none. */
static inline size_t ek_json_utf8(const char *at, const char *end) {
    const unsigned char *byte = (const unsigned char *)at;
    size_t left = (size_t)(end - at), length, i;
    if (byte[0] < 0x80) return 1;
    if (byte[0] < 0xC2 || byte[0] > 0xF4) return 0;
    length = byte[0] < 0xE0 ? 2 : byte[0] < 0xF0 ? 3 : 4;
    if (left < length) return 0;
    for (i = 1; i < length; ++i)
        if ((byte[i] & 0xC0) != 0x80) return 0;
    if ((byte[0] == 0xE0 && byte[1] < 0xA0) || (byte[0] == 0xED && byte[1] > 0x9F) ||
        (byte[0] == 0xF0 && byte[1] < 0x90) || (byte[0] == 0xF4 && byte[1] > 0x8F))
        return 0;
    return length;
}

/* The value of four hex digits, or -1. */
static inline long ek_json_hex4(const char *at, const char *end) {
    long value = 0;
    int i;
    if (end - at < 4) return -1;
    for (i = 0; i < 4; ++i) {
        char c = at[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* One character of a string, as written at *at (past the opening quote), as UTF-8 into `into`; its
 * bytes, or 0 when it is none. Moves *at behind it. */
static inline size_t ek_json_char(const char **at, const char *end, char into[4]) {
    static const char escapes[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    const char *known;
    unsigned long code;
    long low, high;
    if (**at != '\\') {
        size_t length = (unsigned char)**at < 0x20 ? 0 : ek_json_utf8(*at, end);
        memcpy(into, *at, length);
        *at += length;
        return length;
    }
    if (end - *at < 2) return 0;
    if ((*at)[1] != 'u') {
        known = (*at)[1] ? strchr(escapes, (*at)[1]) : NULL;
        if (!known) return 0;
        into[0] = meanings[known - escapes];
        *at += 2;
        return 1;
    }
    high = ek_json_hex4(*at + 2, end);
    if (high < 0 || (high >= 0xDC00 && high <= 0xDFFF)) return 0;
    *at += 6;
    code = (unsigned long)high;
    if (high >= 0xD800 && high <= 0xDBFF) {
        if (end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u') return 0;
        low = ek_json_hex4(*at + 2, end);
        if (low < 0xDC00 || low > 0xDFFF) return 0;
        *at += 6;
        code = 0x10000ul + ((unsigned long)(high - 0xD800) << 10) + (unsigned long)(low - 0xDC00);
    }
    if (code < 0x80) {
        into[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        into[0] = (char)(0xC0 | (code >> 6));
        into[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        into[0] = (char)(0xE0 | (code >> 12));
        into[1] = (char)(0x80 | ((code >> 6) & 0x3F));
        into[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    into[0] = (char)(0xF0 | (code >> 18));
    into[1] = (char)(0x80 | ((code >> 12) & 0x3F));
    into[2] = (char)(0x80 | ((code >> 6) & 0x3F));
    into[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

/* Behind the string, number or word at `at`, or NULL when it is none. */
static inline const char *ek_json_scalar(const char *at, const char *end) {
    static const char *const words[] = {"true", "false", "null"};
    size_t i, length;
    char letters[4];
    if (at < end && *at == '"') {
        for (++at; at < end && *at != '"';)
            if (!ek_json_char(&at, end, letters)) return NULL;
        return at < end ? at + 1 : NULL;
    }
    for (i = 0; i < 3; ++i) {
        length = strlen(words[i]);
        if ((size_t)(end - at) >= length && memcmp(at, words[i], length) == 0) return at + length;
    }
    if (at < end && *at == '-') ++at;
    if (at == end || *at < '0' || *at > '9') return NULL;
    if (*at == '0') ++at;
    else
        while (at < end && *at >= '0' && *at <= '9') ++at;
    if (at < end && *at == '.') {
        const char *digits = ++at;
        while (at < end && *at >= '0' && *at <= '9') ++at;
        if (at == digits) return NULL;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        const char *digits;
        ++at;
        if (at < end && (*at == '+' || *at == '-')) ++at;
        digits = at;
        while (at < end && *at >= '0' && *at <= '9') ++at;
        if (at == digits) return NULL;
    }
    return at;
}

/* Behind the value at `at`, or NULL; *why is then what is wrong with it. */
static inline const char *ek_json_value(const char *at, const char *end, const char **why) {
    char open[EK_JSON_DEPTH_MAX];
    int depth = 0, may_close = 0;
    *why = "it is no JSON";
    for (;;) {
        at = ek_json_skip(at, end);
        if (at < end && (*at == '{' || *at == '[')) {
            if (depth == EK_JSON_DEPTH_MAX) {
                *why = "it has more than 64 levels";
                return NULL;
            }
            open[depth++] = *at++;
            at = ek_json_skip(at, end);
            may_close = 1;
        } else {
            at = ek_json_scalar(at, end);
            if (!at) return NULL;
            may_close = 0;
            if (depth == 0) return at;
            at = ek_json_skip(at, end);
        }
        /* Behind a value, or just inside a container. */
        for (;;) {
            char closing = open[depth - 1] == '{' ? '}' : ']';
            if (at < end && *at == closing) {
                ++at;
                if (--depth == 0) return at;
                at = ek_json_skip(at, end);
                may_close = 0;
                continue;
            }
            if (!may_close) {
                if (at == end || *at != ',') return NULL;
                at = ek_json_skip(at + 1, end);
            }
            break;
        }
        if (open[depth - 1] == '{') {
            if (at == end || *at != '"') return NULL;
            at = ek_json_scalar(at, end);
            if (!at) return NULL;
            at = ek_json_skip(at, end);
            if (at == end || *at != ':') return NULL;
            ++at;
        }
    }
}

/* ---- reading ---- */

/* NULL if the text is one JSON value that keeps to the rules; else what is wrong: static words. */
static inline const char *ek_json_error(ek_str text) {
    const char *why = "it is empty", *end, *behind;
    if (!text.ptr || text.len == 0) return why;
    end = text.ptr + text.len;
    behind = ek_json_value(text.ptr, end, &why);
    if (!behind) return why;
    return ek_json_skip(behind, end) == end ? NULL : "something follows the value";
}

/* Of a checked value: '{', '[', '"', '0' (a number), 't', 'f' or 'n'; 0 for an absent one. */
static inline char ek_json_kind(ek_str value) {
    const char *at, *end;
    if (!value.ptr) return 0;
    end = value.ptr + value.len;
    at = ek_json_skip(value.ptr, end);
    if (at == end) return 0;
    return (*at == '-' || (*at >= '0' && *at <= '9')) ? '0' : *at;
}

/* Walks over the values of an array, or of the members of an object, that was checked:
 *
 *     ek_json_walk walk = ek_json_begin(ids);
 *     ek_str name, value;
 *     while (ek_json_next(&walk, &name, &value)) ...
 *
 * A value that is neither has none. */
typedef struct ek_json_walk {
    const char *at, *end;
    int is_object;
} ek_json_walk;

static inline ek_json_walk ek_json_begin(ek_str value) {
    ek_json_walk walk = {NULL, NULL, 0};
    char kind = ek_json_kind(value);
    if (kind != '{' && kind != '[') return walk;
    walk.end = value.ptr + value.len;
    walk.at = ek_json_skip(value.ptr, walk.end) + 1;
    walk.is_object = kind == '{';
    return walk;
}

/* 1, and the next value; 0 at the end. `name` may be NULL; in an array it is absent, else a string
 * as it is written, with its quotes. */
static inline int ek_json_next(ek_json_walk *walk, ek_str *name, ek_str *value) {
    const char *why;
    ek_str key = {NULL, 0};
    if (!walk->at) return 0;
    walk->at = ek_json_skip(walk->at, walk->end);
    if (walk->at < walk->end && *walk->at == ',') walk->at = ek_json_skip(walk->at + 1, walk->end);
    if (walk->at == walk->end || *walk->at == '}' || *walk->at == ']') return 0;
    if (walk->is_object) {
        key.ptr = walk->at;
        walk->at = ek_json_scalar(walk->at, walk->end);
        if (!walk->at) return 0;
        key.len = (size_t)(walk->at - key.ptr);
        walk->at = ek_json_skip(walk->at, walk->end) + 1;
        walk->at = ek_json_skip(walk->at, walk->end);
    }
    if (name) *name = key;
    value->ptr = walk->at;
    walk->at = ek_json_value(walk->at, walk->end, &why);
    if (!walk->at) return 0;
    value->len = (size_t)(walk->at - value->ptr);
    return 1;
}

/* Whether a checked string, as it is written, says these bytes. */
static inline int ek_json_says(ek_str string, const char *bytes, size_t length) {
    const char *at, *end;
    char letters[4];
    size_t count, seen = 0;
    if (ek_json_kind(string) != '"') return 0;
    end = string.ptr + string.len;
    at = ek_json_skip(string.ptr, end) + 1;
    while (at < end && *at != '"') {
        count = ek_json_char(&at, end, letters);
        if (!count || length - seen < count || memcmp(bytes + seen, letters, count) != 0) return 0;
        seen += count;
    }
    return seen == length;
}

/* 1 and the value of the member; 0: there is none; -1: `object` is no object, or has the name
 * twice, which means something else to everybody who reads it. */
static inline int ek_json_member(ek_str object, const char *name, ek_str *value) {
    ek_json_walk walk = ek_json_begin(object);
    ek_str key, found;
    int count = 0;
    if (!walk.is_object) return -1;
    while (ek_json_next(&walk, &key, &found)) {
        if (!ek_json_says(key, name, strlen(name))) continue;
        if (++count > 1) return -1;
        *value = found;
    }
    return count;
}

/* What a checked string says, with a zero byte behind it, for the caller to free(); NULL when it is
 * no string or memory ran out. `length` counts no zero byte at the end; there may be others inside:
 * "\u0000" is one. */
static inline char *ek_json_copy_text(ek_str string, size_t *length) {
    const char *at, *end;
    char *text;
    size_t count = 1;
    if (ek_json_kind(string) != '"') return NULL;
    text = (char *)malloc(string.len + 4);
    if (!text) return NULL;
    *length = 0;
    end = string.ptr + string.len;
    at = ek_json_skip(string.ptr, end) + 1;
    while (at < end && *at != '"' && count)
        *length += count = ek_json_char(&at, end, text + *length);
    text[*length] = '\0';
    return text;
}

/* 1 and the value of a checked number without a fraction that fits; 0 for anything else. */
static inline int ek_json_integer(ek_str number, int64_t *value) {
    const char *at, *end;
    int is_negative;
    uint64_t sum = 0, most;
    if (ek_json_kind(number) != '0') return 0;
    end = number.ptr + number.len;
    at = ek_json_skip(number.ptr, end);
    is_negative = *at == '-';
    most = (uint64_t)INT64_MAX + (is_negative ? 1u : 0u);
    for (at += is_negative; at < end && !ek_json_is_space(*at); ++at) {
        uint64_t digit = (uint64_t)(unsigned char)*at - '0';
        if (digit > 9 || sum > (most - digit) / 10) return 0;
        sum = sum * 10 + digit;
    }
    *value = is_negative ? -(int64_t)(sum - (sum != 0)) - (sum != 0) : (int64_t)sum;
    return 1;
}

/* ---- writing ---- */

typedef struct ek_json_out {
    char *text; /* the caller frees it; not zero-terminated */
    size_t length, room;
    int failed;      /* memory ran out: nothing more is written */
    int wants_comma; /* below the surface */
} ek_json_out;

static inline ek_str ek_json_written(const ek_json_out *out) {
    ek_str text;
    text.ptr = out->text;
    text.len = out->length;
    return text;
}

/* Bytes that are JSON already: a value that was read, say. */
static inline void ek_json_raw(ek_json_out *out, const char *bytes, size_t length) {
    if (out->failed) return;
    if (out->room - out->length < length) {
        size_t room = (out->length + length) * 2 + 64;
        char *more = room > length ? (char *)realloc(out->text, room) : NULL;
        if (!more) {
            out->failed = 1;
            return;
        }
        out->text = more;
        out->room = room;
    }
    if (length) memcpy(out->text + out->length, bytes, length);
    out->length += length;
}

static inline void ek_json_separate(ek_json_out *out) {
    if (out->wants_comma) ek_json_raw(out, ",", 1);
    out->wants_comma = 1;
}

/* A value that is JSON already. */
static inline void ek_json_put(ek_json_out *out, ek_str json) {
    ek_json_separate(out);
    ek_json_raw(out, json.ptr, json.len);
}

/* '{' or '[', as a value. */
static inline void ek_json_open(ek_json_out *out, char bracket) {
    ek_json_separate(out);
    ek_json_raw(out, &bracket, 1);
    out->wants_comma = 0;
}

/* '}' or ']'. */
static inline void ek_json_close(ek_json_out *out, char bracket) {
    ek_json_raw(out, &bracket, 1);
    out->wants_comma = 1;
}

/* Any bytes as a string; what is no UTF-8 becomes U+FFFD. */
static inline void ek_json_put_text(ek_json_out *out, const char *bytes, size_t length) {
    const char *at = bytes, *end = bytes ? bytes + length : NULL;
    char code[8];
    ek_json_separate(out);
    ek_json_raw(out, "\"", 1);
    while (at < end) {
        const char *plain = at;
        size_t count = 1;
        while (at < end && (unsigned char)*at >= 0x20 && *at != '"' && *at != '\\' &&
               (count = ek_json_utf8(at, end)) != 0)
            at += count;
        ek_json_raw(out, plain, (size_t)(at - plain));
        if (at == end) break;
        if (count == 0) {
            ek_json_raw(out, "\xEF\xBF\xBD", 3);
        } else {
            snprintf(code, sizeof code, (*at == '"' || *at == '\\') ? "\\%c" : "\\u%04x",
                     (unsigned char)*at);
            ek_json_raw(out, code, strlen(code));
        }
        ++at;
    }
    ek_json_raw(out, "\"", 1);
}

/* The name of the member whose value is put next. */
static inline void ek_json_key(ek_json_out *out, const char *name) {
    ek_json_put_text(out, name, strlen(name));
    ek_json_raw(out, ":", 1);
    out->wants_comma = 0;
}

static inline void ek_json_put_integer(ek_json_out *out, int64_t value) {
    char digits[24];
    snprintf(digits, sizeof digits, "%lld", (long long)value);
    ek_json_put(out, ek_json_str(digits));
}

static inline void ek_json_put_bool(ek_json_out *out, int value) {
    ek_json_put(out, ek_json_str(value ? "true" : "false"));
}

#ifdef __cplusplus
}
#endif
#endif /* EVENKEEL_JSON_H */
