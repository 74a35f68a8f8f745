/* watch.h - hears when somebody writes a parameter or the boot file. As in ek_collection. */
#ifndef SYSCTL_WATCH_H
#define SYSCTL_WATCH_H

#include <evenkeel/plugin.h>

ek_status open_watch(ek_instance* self, const ek_call* call, const ek_watch_host* host,
                     ek_watch** watch);
ek_status watch_interest(ek_watch* watch, ek_str id, int32_t on);
ek_status watch_ready(ek_watch* watch, int32_t fd, uint32_t revents);
void close_watch(ek_watch* watch);

#endif
