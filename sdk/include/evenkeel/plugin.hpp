#pragma once

// plugin.hpp - write a collection as a C++17 class; the tables of plugin.h are derived from it.
//
// A class needs three members, and has any of the others that it can serve; what it has becomes its
// capabilities:
//
//     namespace sdk = evenkeel::sdk;
//
//     class Notes {
//       public:
//         static constexpr std::string_view kName = "notes";
//         static constexpr std::string_view kSchema = R"({...})";
//         Notes(const sdk::Host&, const sdk::Call&, std::string_view config);
//
//         static constexpr std::string_view kConfigSchema = "{...}";  // none: takes no options
//         static constexpr std::uint32_t kSchemaVersion = 1;
//         static constexpr bool kPlans = true;     // apply and remove honour call.dry_run()
//         static constexpr bool kDescribes = true;  // list and read honour call.describe()
//         static constexpr bool kParallel = true;  // the calls below are thread-safe
//
//         void list(const sdk::Call&, std::string_view filter);
//         void read(const sdk::Call&, std::string_view ids);
//         void apply(const sdk::Call&, std::string_view id, std::string_view desired);
//         void remove(const sdk::Call&, std::string_view id);
//         void compare(const sdk::Call&, std::string_view desired, std::string_view actual);
//         std::string normalize(std::string_view id);  // how this id is written
//         void upgrade(const sdk::Call&, std::uint32_t from_version, std::string_view json);
//         void apply_many(const sdk::Call&, std::string_view entries);
//         const void* extension(const char* id);
//         std::string_view backend() const;  // "apt": what serves it here, shown to people
//
//         static constexpr std::string_view kActions = R"({"restart":{...}})";
//         void invoke(const sdk::Call&, std::string_view id, std::string_view action,
//                     std::string_view arguments);
//
//         class Watch {
//           public:
//             Watch(Notes&, const sdk::Call&, const sdk::WatchHost&);
//             ~Watch();  // forgets its descriptors, then closes them
//             void interest(std::string_view id, bool on);
//             void ready(int fd, std::uint32_t revents);  // fd -1: the timer
//         };
//     };
//
//     EVENKEEL_MODULE("org.example.notes", "1.0.0", kManifest, Notes)
//
// Meaning, threads and limits of each are those of the function with the same name in plugin.h. A
// call fails by throwing sdk::Failure; any other exception ends it as EK_E_INTERNAL, and none gets
// past this header. Answers go through sdk::Call, changes through sdk::Changes. The `Call` and all
// strings are borrowed until the call returns. A destructor must not throw.

#include <evenkeel/cpp/batch.hpp>
#include <evenkeel/cpp/call.hpp>
#include <evenkeel/cpp/changes.hpp>
#include <evenkeel/cpp/failure.hpp>
#include <evenkeel/cpp/host.hpp>
#include <evenkeel/cpp/stamp.hpp>
#include <evenkeel/cpp/storage.hpp>
#include <evenkeel/cpp/table.hpp>
#include <evenkeel/cpp/write.hpp>
#include <evenkeel/plugin.h>

// Once in a plugin, outside all namespaces: its id, version, manifest and collections.
#define EVENKEEL_MODULE(id, version, manifest, ...)                                   \
    const ek_module* ek_module_v1(void) {                                             \
        static constexpr ek_module module =                                           \
            ::evenkeel::sdk::detail::make_module<__VA_ARGS__>(id, version, manifest); \
        return &module;                                                               \
    }
