#pragma once

#include <cstdint>
#include <exception>
#include <string_view>
#include <type_traits>
#include <utility>

#include <evenkeel/cpp/call.hpp>
#include <evenkeel/cpp/failure.hpp>
#include <evenkeel/cpp/host.hpp>
#include <evenkeel/ext/backend.h>
#include <evenkeel/plugin.h>

// The C tables, derived from a class. Nothing here is for authors; plugin.hpp says what they write.
namespace evenkeel::sdk::detail {

// True if T has the member; `T::` so that a member of the wrong kind fails where it is used.
#define EVENKEEL_DETECT(name)               \
    template <typename T, typename = void>  \
    struct has_##name : std::false_type {}; \
    template <typename T>                   \
    struct has_##name<T, std::void_t<decltype(&T::name)>> : std::true_type {};
EVENKEEL_DETECT(list)
EVENKEEL_DETECT(read)
EVENKEEL_DETECT(apply)
EVENKEEL_DETECT(remove)
EVENKEEL_DETECT(apply_many)
EVENKEEL_DETECT(invoke)
EVENKEEL_DETECT(compare)
EVENKEEL_DETECT(normalize)
EVENKEEL_DETECT(upgrade)
EVENKEEL_DETECT(extension)
EVENKEEL_DETECT(backend)
EVENKEEL_DETECT(kPlans)
EVENKEEL_DETECT(kParallel)
EVENKEEL_DETECT(kDescribes)
EVENKEEL_DETECT(kActions)
EVENKEEL_DETECT(kConfigSchema)
EVENKEEL_DETECT(kSchemaVersion)
#undef EVENKEEL_DETECT
template <typename T, typename = void>
struct has_watch : std::false_type {};
template <typename T>
struct has_watch<T, std::void_t<typename T::Watch>> : std::true_type {};

// The wall that no exception passes. `tell` sends a failure to the host and may be refused.
template <typename Body, typename Tell>
ek_status guarded(Body&& body, Tell&& tell) noexcept {
    try {
        try {
            std::forward<Body>(body)();
            return EK_OK;
        } catch (const Stop& stop) {
            return stop.status;
        } catch (const Failure& failure) {
            tell(failure);
            return failure.call_status();
        } catch (const std::exception& error) {
            tell(Failure(EK_E_INTERNAL, std::string("the plugin threw: ") + error.what()));
        } catch (...) {
            tell(Failure(EK_E_INTERNAL, "the plugin threw something unknown"));
        }
    } catch (...) {
    }
    return EK_E_INTERNAL;
}

template <typename Body>
ek_status in_call(const ek_call* call, Body&& body) noexcept {
    return guarded([&] { body(Call(call)); },
                   [&](const Failure& failure) { Call(call).error(failure); });
}

// On the reactor there is no call to send a diagnostic to: the host's log has the words.
template <typename Body>
ek_status in_reactor(const Host& host, Body&& body) noexcept {
    return guarded(std::forward<Body>(body),
                   [&](const Failure& failure) { host.log(EK_SEV_ERROR, failure.what()); });
}

// What an ek_instance is. `destroy` knows the class behind it.
struct Holder {
    void (*destroy)(Holder*);
    Host host;
};
template <typename T>
struct Held : Holder {
    Held(const Host& owner, const Call& call, std::string_view config)
        : Holder{[](Holder* self) { delete static_cast<Held*>(self); }, owner},
          value(owner, call, config) {}
    T value;
};
template <typename T>
Held<T>& held(ek_instance* instance) {
    return static_cast<Held<T>&>(*reinterpret_cast<Holder*>(instance));
}

// What an ek_watch is.
template <typename T>
struct HeldWatch {
    HeldWatch(Held<T>& owner, const Call& call, const ek_watch_host* watch_host)
        : host(owner.host), value(owner.value, call, WatchHost(watch_host)) {}
    Host host;
    typename T::Watch value;
};

template <typename T>
struct Thunks {
    static ek_status list(ek_instance* self, const ek_call* call, ek_str filter) {
        return in_call(call, [&](const Call& c) { held<T>(self).value.list(c, view(filter)); });
    }
    static ek_status read(ek_instance* self, const ek_call* call, ek_str ids) {
        return in_call(call, [&](const Call& c) { held<T>(self).value.read(c, view(ids)); });
    }
    static ek_status apply(ek_instance* self, const ek_call* call, ek_str id, ek_str desired) {
        return in_call(
            call, [&](const Call& c) { held<T>(self).value.apply(c, view(id), view(desired)); });
    }
    static ek_status remove(ek_instance* self, const ek_call* call, ek_str id) {
        return in_call(call, [&](const Call& c) { held<T>(self).value.remove(c, view(id)); });
    }
    static ek_status apply_many(ek_instance* self, const ek_call* call, ek_str entries) {
        return in_call(call,
                       [&](const Call& c) { held<T>(self).value.apply_many(c, view(entries)); });
    }
    static ek_status invoke(ek_instance* self, const ek_call* call, ek_str id, ek_str action,
                            ek_str arguments) {
        return in_call(call, [&](const Call& c) {
            held<T>(self).value.invoke(c, view(id), view(action), view(arguments));
        });
    }
    static ek_status compare(ek_instance* self, const ek_call* call, ek_str desired,
                             ek_str actual) {
        return in_call(call, [&](const Call& c) {
            held<T>(self).value.compare(c, view(desired), view(actual));
        });
    }
    static ek_status normalize(ek_instance* self, const ek_call* call, ek_str id) {
        return in_call(
            call, [&](const Call& c) { c.normal_id(held<T>(self).value.normalize(view(id))); });
    }
    static ek_status upgrade(ek_instance* self, const ek_call* call, std::uint32_t from,
                             ek_str json) {
        return in_call(call,
                       [&](const Call& c) { held<T>(self).value.upgrade(c, from, view(json)); });
    }
    static ek_status watch_open(ek_instance* self, const ek_call* call, const ek_watch_host* host,
                                ek_watch** watch) {
        return in_call(call, [&](const Call& c) {
            *watch = nullptr;
            *watch = reinterpret_cast<ek_watch*>(new HeldWatch<T>(held<T>(self), c, host));
        });
    }
    static ek_status watch_interest(ek_watch* watch, ek_str id, std::int32_t on) {
        auto& self = *reinterpret_cast<HeldWatch<T>*>(watch);
        return in_reactor(self.host, [&] { self.value.interest(view(id), on != 0); });
    }
    static ek_status watch_ready(ek_watch* watch, std::int32_t fd, std::uint32_t revents) {
        auto& self = *reinterpret_cast<HeldWatch<T>*>(watch);
        return in_reactor(self.host, [&] { self.value.ready(fd, revents); });
    }
    static void watch_close(ek_watch* watch) { delete reinterpret_cast<HeldWatch<T>*>(watch); }
    static ek_str backend(ek_instance* self) {
        if constexpr (has_backend<T>::value) return borrow(held<T>(self).value.backend());
        return ek_str{nullptr, 0};
    }
    static constexpr ek_backend kBackend{sizeof(ek_backend), 0, backend};
    static const void* extension([[maybe_unused]] ek_instance* self, const char* id) {
        if (has_backend<T>::value && std::string_view(id) == EK_EXT_BACKEND) return &kBackend;
        if constexpr (has_extension<T>::value) return held<T>(self).value.extension(id);
        return nullptr;
    }
};

constexpr ek_str literal(std::string_view text) {
    return ek_str{text.data(), text.size()};
}

template <typename T>
constexpr ek_collection make_table() {
    using F = Thunks<T>;
    ek_collection table{};
    table.size = sizeof(ek_collection);
    table.schema_version = 1;
    table.name = literal(T::kName);
    table.schema_json = literal(T::kSchema);
    table.config_schema_json = literal(R"({"type":"object","additionalProperties":false})");
    const auto offer = [&](std::uint64_t capability) { table.caps |= capability; };
    if constexpr (has_kSchemaVersion<T>::value) table.schema_version = T::kSchemaVersion;
    if constexpr (has_kConfigSchema<T>::value) table.config_schema_json = literal(T::kConfigSchema);
    if constexpr (has_list<T>::value) offer(EK_CAP_LIST), table.list = F::list;
    if constexpr (has_read<T>::value) offer(EK_CAP_READ), table.read = F::read;
    if constexpr (has_apply<T>::value) offer(EK_CAP_APPLY), table.apply = F::apply;
    if constexpr (has_remove<T>::value) offer(EK_CAP_REMOVE), table.remove = F::remove;
    if constexpr (has_compare<T>::value) offer(EK_CAP_COMPARE), table.compare = F::compare;
    if constexpr (has_normalize<T>::value) offer(EK_CAP_NORMALIZE), table.normalize = F::normalize;
    if constexpr (has_upgrade<T>::value) offer(EK_CAP_UPGRADE), table.upgrade = F::upgrade;
    if constexpr (has_apply_many<T>::value) offer(EK_CAP_BATCH), table.apply_many = F::apply_many;
    if constexpr (has_extension<T>::value || has_backend<T>::value) table.extension = F::extension;
    if constexpr (has_kPlans<T>::value) offer(T::kPlans ? EK_CAP_PLAN : 0);
    if constexpr (has_kDescribes<T>::value) offer(T::kDescribes ? EK_CAP_DESCRIBE : 0);
    if constexpr (has_kParallel<T>::value) offer(T::kParallel ? EK_CAP_PARALLEL : 0);
    if constexpr (has_invoke<T>::value) {
        offer(EK_CAP_INVOKE), table.invoke = F::invoke;
        table.actions_json = literal(T::kActions);
    }
    if constexpr (has_watch<T>::value) {
        offer(EK_CAP_WATCH);
        table.watch_open = F::watch_open;
        table.watch_interest = F::watch_interest;
        table.watch_ready = F::watch_ready;
        table.watch_close = F::watch_close;
    }
    return table;
}

template <typename T>
inline constexpr ek_collection kTable = make_table<T>();
template <typename... Ts>
inline constexpr const ek_collection* kTables[] = {&kTable<Ts>...};

template <typename T>
bool open_if(const ek_collection* wanted, const Host& host, const Call& call,
             std::string_view config, ek_instance** instance) {
    if (wanted != &kTable<T>) return false;
    Holder* holder = new Held<T>(host, call, config);
    *instance = reinterpret_cast<ek_instance*>(holder);
    return true;
}

template <typename... Ts>
ek_status open(const ek_host* host, const ek_call* call, const ek_collection* collection,
               ek_str config, ek_instance** instance) {
    *instance = nullptr;
    return in_call(call, [&](const Call& c) {
        if (!(open_if<Ts>(collection, Host(host), c, view(config), instance) || ...))
            throw Failure(EK_E_INVALID, "this module has no such collection");
    });
}

inline void close(ek_instance* instance) {
    auto* holder = reinterpret_cast<Holder*>(instance);
    holder->destroy(holder);
}

template <typename... Ts>
constexpr ek_module make_module(std::string_view id, std::string_view version,
                                std::string_view manifest) {
    return ek_module{
        sizeof(ek_module), EK_ABI_MAJOR,   EK_ABI_MINOR,  literal(id), literal(version),
        literal(manifest), kTables<Ts...>, sizeof...(Ts), open<Ts...>, close};
}

}  // namespace evenkeel::sdk::detail
