#include <dlfcn.h>

#include "sdk/tool/validate/check.hpp"
#include "sdk/tool/validate/tools.hpp"

namespace evenkeel::validate {
namespace group_m {

// The tour with a host that `change` makes another is as with a plain one.
void same_tour(Bench& bench, const char* what, const std::function<void(Bench&)>& change) {
    const ChildResult plain = plain_tour(bench);
    demand(plain.returned && !plain.text.starts_with("broken: "), "with a plain host it fails",
           plain.text);
    if (plain.text.starts_with("skipped: ")) skip(plain.text.substr(9));
    change(bench);
    const std::string other = tour(bench);
    demand(other == plain.text, std::string("it behaves otherwise with ") + what,
           plain.text + "\n" + other);
}

void smallest_host(Bench& bench) {
    same_tour(bench, "a host whose records end where those of ABI 1.0 do",
              [](Bench& each) { each.shape = Shape::exact; });
}
void grown_host(Bench& bench) {
    same_tour(bench, "a host whose records are 64 bytes larger",
              [](Bench& each) { each.shape = Shape::grown; });
}
void no_extensions(Bench& bench) {
    same_tour(bench, "a host without extensions", [](Bench& each) { each.has_extensions = false; });
}
void lower_minor(Bench& bench) {
    same_tour(bench, "a host of ABI 1.0", [](Bench& each) { each.abi_minor = 0; });
}
void higher_minor(Bench& bench) {
    same_tour(bench, "a host of ABI 1.99", [](Bench& each) { each.abi_minor = 99; });
}
void unknown_flags(Bench& bench) {
    same_tour(bench, "flags of a call that ABI 1.0 does not have",
              [](Bench& each) { each.more_flags = 0xFFFFFF00u; });
}

void unknown_filter_members(Bench& bench) {
    bench.need(EK_CAP_LIST, "list");
    const auto instance = bench.open();
    const std::string absent = bench.samples().absent_id();
    const Told told = instance->list("{\"ids\":" + ids_json({absent}) + ",\"no_such_member\":1}");
    const bool honest = (told->ok() && told->items.empty()) || told->status == EK_E_NOT_FOUND ||
                        ((told->status == EK_E_INVALID || told->status == EK_E_UNSUPPORTED) &&
                         told->error() != nullptr);
    demand(honest, "with a filter that has an unknown member, list sends what was not asked for",
           told->transcript());
}

void upgrades_each_version(Bench& bench) {
    const std::uint32_t version = bench.collection().schema_version;
    if (version <= 1) skip("there is no older schema version");
    bench.need(EK_CAP_UPGRADE, "upgrade, though its schema has an older version");
    const json::Value& older = bench.samples().settings().older;
    const auto instance = bench.open();
    for (std::uint32_t from = 1; from < version; ++from) {
        const json::Value* old = older.find(std::to_string(from));
        if (old == nullptr)
            skip("the settings have no description (older) of version " + std::to_string(from));
        const Told told = instance->upgrade(from, *old);
        demand(told->ok() && told->states.size() == 1,
               "it does not upgrade a description of version " + std::to_string(from),
               told->transcript());
        const auto description = json::parse(told->states[0]);
        demand(
            description &&
                bench.samples().schema().validate(*description, schema::Mode::description).empty(),
            "what it makes of an old description is not what the schema says", told->transcript());
    }
    const Told told = instance->upgrade(version + 1, json::Object());
    demand(!told->ok() && told->error() != nullptr, "it takes a description of a later version",
           told->transcript());
}

void records_are_whole(Bench& bench) {
    const auto instance = bench.open();
    std::vector<Told> all = {instance->read(bench.samples().absent_id())};
    if (bench.can(EK_CAP_APPLY | EK_CAP_REMOVE)) {
        const std::string id = bench.samples().id(0);
        instance->clear(id);
        all.push_back(instance->apply(id, bench.samples().first()));
        all.push_back(instance->read(id));
        all.push_back(instance->remove(id));
    }
    for (const Told& told : all)
        demand(told->malformed.empty(), told->malformed, told->transcript());
    demand(bench.module().abi_minor <= EK_ABI_MINOR,
           "it says that it is of ABI 1." + std::to_string(bench.module().abi_minor) +
               ", and the newest is 1." + std::to_string(EK_ABI_MINOR));
}

void both_majors(Bench& bench) {
    using Entry = const void* (*)();
    const auto other = reinterpret_cast<Entry>(::dlsym(bench.library(), "ek_module_v2"));
    if (other == nullptr) skip("it exports no entry of another major version");
    other();
    demand(bench.module().abi_major == 1 && bench.module().size >= sizeof(ek_module),
           "beside the entry of another major version, ek_module_v1 is not of major 1");
    tour(bench);
}

}  // namespace group_m

std::vector<Check> evolution_checks() {
    using namespace group_m;
    constexpr auto kEach = Scope::collection;
    return {
        {"M01", "it works with the smallest host of ABI 1.0", kEach, smallest_host},
        {"M02", "it works with a host whose records have grown", kEach, grown_host},
        {"M03", "it works with a host that has no extensions", kEach, no_extensions},
        {"M04", "it works with a host of a lower minor version", kEach, lower_minor},
        {"M05", "it works with a host of a higher minor version", kEach, higher_minor},
        {"M06", "it ignores flags that it does not know", kEach, unknown_flags},
        {"M07", "it does not misread members of a filter that it does not know", kEach,
         unknown_filter_members},
        {"M08", "it upgrades descriptions of every older schema version", kEach,
         upgrades_each_version},
        {"M09", "its own records are those of ABI 1.0", kEach, records_are_whole},
        {"M10", "an entry of another major version changes nothing", Scope::module, both_majors},
    };
}

}  // namespace evenkeel::validate
