#include <set>

#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "sdk/tool/validate/check.hpp"
#include "sdk/tool/validate/process_state.hpp"
#include "sdk/tool/validate/tools.hpp"

namespace evenkeel::validate {
namespace group_e {

// Resources to look at: made here if the collection can, and removed at the end.
class Made {
  public:
    Made(Bench& bench, std::size_t many) : instance_(bench.open()) {
        const bool makes = bench.can(EK_CAP_APPLY | EK_CAP_REMOVE);
        for (std::size_t i = 0; i < many; ++i) {
            const std::string id = bench.samples().id(i);
            if (makes) {
                instance_->clear(id);
                instance_->must_apply(
                    id, i % 2 == 0 ? bench.samples().first() : bench.samples().second());
            } else if (instance_->state(id).is_null()) {
                skip("the collection makes nothing, and " + id + " is not there");
            }
            ids_.push_back(id);
        }
        made_ = makes;
    }
    ~Made() {
        for (const std::string& id : ids_)
            if (made_) instance_->remove(id);
    }
    Made(const Made&) = delete;
    Made& operator=(const Made&) = delete;
    Instance* operator->() { return instance_.get(); }
    const std::vector<std::string>& ids() const { return ids_; }

  private:
    std::unique_ptr<Instance> instance_;
    std::vector<std::string> ids_;
    bool made_ = false;
};

Told must_list(Bench& bench, Made& made, const std::string& filter = {}) {
    bench.need(EK_CAP_LIST, "list");
    Told told = made->list(filter);
    if (told->status == EK_E_UNSUPPORTED) skip("there are too many to list");
    if (!told->ok()) broken("list fails", told->transcript());
    return told;
}

void ids_are_unique(Bench& bench) {
    bench.need(EK_CAP_LIST, "list");
    Made made(bench, 2);
    std::set<std::string> ids;
    const Told told = must_list(bench, made);
    for (const Item& item : told->items)
        demand(ids.insert(item.id).second, "list sends " + item.id + " twice", told->transcript());
    for (const std::string& id : made.ids())
        demand(ids.count(id) != 0, "list does not send " + id + ", which is there",
               told->transcript());
}

void ids_are_good(Bench& bench) {
    bench.need(EK_CAP_LIST, "list");
    Made made(bench, 1);
    const Told told = must_list(bench, made);
    for (const Item& item : told->items) {
        demand(!item.id.empty() && is_utf8(item.id), "an id is empty or not UTF-8",
               told->transcript());
        demand(bench.samples().schema().accepts_key(item.id),
               "the id \"" + printable(item.id) + "\" does not match x-ek-key", told->transcript());
    }
}

void listed_is_read(Bench& bench) {
    bench.need(EK_CAP_LIST, "list");
    Made made(bench, 2);
    std::vector<std::string> ids;
    constexpr std::size_t kMost = 200;
    for (const Item& item : must_list(bench, made)->items)
        if (ids.size() < kMost && !item.error) ids.push_back(item.id);
    const Told told = made->read_all(ids);
    std::set<std::string> read;
    for (const Item& item : told->items) read.insert(item.id);
    for (const std::string& id : ids)
        demand(read.count(id) != 0, "list sends " + id + ", and read does not find it",
               told->transcript());
}

void states_fit(Bench& bench) {
    Made made(bench, 2);
    std::vector<Told> all = {made->read_all(made.ids())};
    if (bench.can(EK_CAP_LIST)) all.push_back(must_list(bench, made));
    for (const Told& told : all) {
        demand(told->ok() && told->malformed.empty(),
               told->malformed.empty() ? std::string("read fails") : told->malformed,
               told->transcript());
        for (const Item& item : told->items) {
            if (item.error) continue;
            demand(item.json.has_value(), "an item has no state", told->transcript());
            const auto state = json::parse(*item.json);
            const auto wrong = bench.samples().schema().validate(*state, schema::Mode::state);
            demand(wrong.empty(),
                   wrong.empty()
                       ? std::string()
                       : "the state of " + item.id + " is not what the schema says at \"" +
                             wrong[0].pointer + "\": " + wrong[0].detail,
                   item.json.value_or(""));
        }
    }
}

std::string bytes_of(Bench& bench, const Told& told) {
    std::string text;
    for (const Item& item : told->items) {
        const auto state = json::parse(item.json.value_or("null"));
        text += item.id + " " +
                json::write(lasting(bench.samples().schema(), state ? *state : json::Value())) +
                "\n";
    }
    return text;
}

void reads_are_equal(Bench& bench) {
    Made made(bench, 2);
    const Told one = made->read_all(made.ids()), other = made->read_all(made.ids());
    demand(bytes_of(bench, one) == bytes_of(bench, other), "two reads of the same resources differ",
           one->transcript() + "\n" + other->transcript());
}

void absent_is_not_found(Bench& bench) {
    Made made(bench, 1);
    const std::string absent = bench.samples().absent_id();
    const Told none = made->read(absent);
    demand(none->status == EK_E_NOT_FOUND && none->items.empty(),
           "read of what is absent does not answer EK_E_NOT_FOUND", none->transcript());
    const Told some = made->read_all({absent, made.ids()[0]});
    demand(some->ok() && some->items.size() == 1 && some->items[0].id == made.ids()[0],
           "read of one that is there and one that is not does not send the one",
           some->transcript());
}

void unchanged_is_true(Bench& bench) {
    Made made(bench, 1);
    const std::string& id = made.ids()[0];
    const Told first = made->read(id);
    if (first->items.empty() || first->items[0].stamp.empty()) skip("read gives no stamps");
    const std::string stamp = first->items[0].stamp;
    const Told again = made->read(id, {.stamps = {stamp}});
    demand(again->items.size() == 1, "with a stamp, read does not send the item",
           again->transcript());
    const Told unasked = made->read(id);
    demand((unasked->items[0].flags & EK_ITEM_UNCHANGED) == 0,
           "an item is UNCHANGED though the host gave no stamp", unasked->transcript());
    if (!bench.can(EK_CAP_APPLY) || bench.samples().differing().empty()) return;
    made->must_apply(id, bench.samples().second());
    const Told after = made->read(id, {.stamps = {stamp}});
    demand(after->items.size() == 1 && (after->items[0].flags & EK_ITEM_UNCHANGED) == 0 &&
               after->items[0].json.has_value(),
           "an item is UNCHANGED though it has changed since the stamp", after->transcript());
}

void normalize_is_stable(Bench& bench) {
    bench.need(EK_CAP_NORMALIZE, "normalize");
    const auto instance = bench.open();
    for (std::size_t i = 0; i < 2; ++i) {
        const std::string id = bench.samples().id(i);
        const Told told = instance->normalize(id);
        demand(told->ok() && told->items.size() == 1, "normalize does not send one item",
               told->transcript());
        const Told again = instance->normalize(told->items[0].id);
        demand(again->ok() && again->items.size() == 1 && again->items[0].id == told->items[0].id,
               "normalize changes an id that it has made itself", again->transcript());
        demand(bench.samples().schema().accepts_key(told->items[0].id),
               "normalize makes an id that x-ek-key refuses", told->transcript());
    }
}

void filter_narrows(Bench& bench) {
    bench.need(EK_CAP_LIST, "list");
    Made made(bench, 2);
    const Told told =
        must_list(bench, made, filter_json({made.ids()[0], bench.samples().absent_id()}));
    demand(told->items.size() == 1 && told->items[0].id == made.ids()[0],
           "list with a filter of one that is there and one that is not does not send the one",
           told->transcript());
}

void sink_stops(Bench& bench) {
    Made made(bench, 2);
    std::vector<Told> all = {made->read_all(made.ids(), {.stop_at = 1})};
    if (bench.can(EK_CAP_LIST)) all.push_back(made->list({}, {.stop_at = 1}));
    for (const Told& told : all) {
        if (told->status == EK_E_UNSUPPORTED) continue;
        // From another process some are under way already.
        demand(told->after_stop == 0 || bench.is_isolated,
               "it sends " + std::to_string(told->after_stop) + " more items after a stop");
        demand(told->status == EK_E_BUSY || (bench.is_isolated && told->ok()),
               "it does not hand back the code with which the host said stop", told->transcript());
    }
}

void many_items(Bench& bench) {
    bench.need(EK_CAP_LIST | EK_CAP_APPLY | EK_CAP_REMOVE, "list, apply and remove");
    if (!bench.samples().settings().many) skip("the settings say that not many can be made");
    constexpr std::size_t kMany = 10'000, kFewest = 1'000, kBytesMost = 64u << 20;
    const auto instance = bench.open();
    need_pace(bench, *instance, kFewest, 10);
    const std::uint64_t end = now_monotonic_ns() + 10'000'000'000;
    std::size_t made = 0;
    for (; made < kMany && now_monotonic_ns() < end; ++made)
        instance->must_apply(bench.samples().id(made), bench.samples().first());
    const std::size_t before = resident_bytes();
    const Told told = instance->list();
    const std::size_t after = resident_bytes();
    const bool listed = told->ok() && told->items.size() >= made;
    for (std::size_t i = 0; i < made; ++i) instance->remove(bench.samples().id(i));
    if (made < kFewest) skip("only " + std::to_string(made) + " could be made in 10 s");
    demand(listed, "it does not list " + std::to_string(made) + " resources: " +
                       status_name(told->status) + ", " + std::to_string(told->items.size()));
    demand(after <= before + kBytesMost, "to list " + std::to_string(made) + " resources takes " +
                                             std::to_string((after - before) >> 20) + " MiB");
}

void reading_changes_nothing(Bench& bench) {
    Made made(bench, 2);
    const std::string& id = made.ids()[0];
    const auto files = tree(bench.scratch());
    const json::Value before = lasting(bench.samples().schema(), made->state(id));
    made->read_all(made.ids());
    made->read(bench.samples().absent_id());
    if (bench.can(EK_CAP_LIST)) made->list();
    if (bench.can(EK_CAP_DESCRIBE)) made->read(id, {.flags = EK_CALL_DESCRIBE});
    const std::string changed = difference_of(files, tree(bench.scratch()));
    demand(changed.empty(), "reading writes: " + changed);
    demand(lasting(bench.samples().schema(), made->state(id)) == before,
           "reading changes the state of " + id);
}

}  // namespace group_e

std::vector<Check> read_checks() {
    using namespace group_e;
    constexpr auto kEach = Scope::collection;
    return {
        {"E01", "list sends each resource once", kEach, ids_are_unique},
        {"E02", "ids are UTF-8 and match x-ek-key", kEach, ids_are_good},
        {"E03", "each listed id can be read", kEach, listed_is_read},
        {"E04", "states are what the schema says", kEach, states_fit},
        {"E05", "two reads are equal, byte for byte", kEach, reads_are_equal},
        {"E06", "what is absent is EK_E_NOT_FOUND, or left out", kEach, absent_is_not_found},
        {"E07", "an item is UNCHANGED only if its state is that of the stamp", kEach,
         unchanged_is_true},
        {"E08", "normalize leaves alone what it has made", kEach, normalize_is_stable},
        {"E09", "a filter of list only narrows", kEach, filter_narrows},
        {"E10", "when the host says stop, not one more item comes", kEach, sink_stops},
        {"E11", "10,000 items take no more than 64 MiB", kEach, many_items},
        {"E12", "reading changes nothing", kEach, reading_changes_nothing},
    };
}

}  // namespace evenkeel::validate
