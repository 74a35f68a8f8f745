#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/plugin/instance.hpp"

// What an instance reads, lists and describes.
namespace evenkeel::plugin {
namespace {

std::string ids_json(const std::vector<std::string>& ids) {
    json::Array array;
    for (const std::string& id : ids) array.emplace_back(id);
    return json::write(std::move(array));
}

// The ids of a call, and which of them were answered. Plugins answer in the order in which they are
// asked, so that hardly any is searched for.
class Requested {
  public:
    static constexpr std::size_t kTwice = SIZE_MAX - 1, kUnknown = SIZE_MAX;

    explicit Requested(const std::vector<std::string>& ids) : ids_(ids), taken_(ids.size()) {}

    // The index of the id; where all are asked for, any is known, and its index has no meaning.
    std::size_t take(const std::string& id) {
        if (ids_.empty()) return others_.emplace(id, 0).second ? 0 : kTwice;
        std::size_t index = next_;
        if (index >= ids_.size() || ids_[index] != id) {
            if (others_.empty())
                for (std::size_t i = 0; i < ids_.size(); ++i) others_.emplace(ids_[i], i);
            const auto found = others_.find(id);
            if (found == others_.end()) return kUnknown;
            index = found->second;
        }
        if (taken_[index]) return kTwice;
        taken_[index] = true;
        next_ = index + 1;
        return index;
    }

  private:
    const std::vector<std::string>& ids_;
    std::vector<bool> taken_;
    std::size_t next_ = 0;
    std::map<std::string, std::size_t> others_;
};

}  // namespace

std::string Instance::broken_rule(const Item& item, std::string_view stamp,
                                  std::uint32_t flags) const {
    if (item.error) return "";
    if (item.unchanged) {
        return stamp.empty() ? "an item comes unchanged without a stamp that was given for it" : "";
    }
    if (!item.state.is_object()) return "an item comes without its state";
    const bool describes = (flags & EK_CALL_DESCRIBE) != 0;
    const auto mode = describes ? schema::Mode::description : schema::Mode::state;
    const auto wrong = schema_.validate(item.state, mode);
    if (wrong.empty()) return "";
    return (describes ? "a description" : "a state") +
           std::string(" is not what the schema says at \"") + wrong.front().pointer +
           "\": " + wrong.front().detail;
}

Result<std::vector<Item>> Instance::items_of(Answers& answers, const std::vector<std::string>& ids,
                                             const std::vector<ek_str>& stamps,
                                             std::uint32_t flags) const {
    Requested requested(ids);
    SecretFilter filter = host_->filter();
    for (Item& item : answers.items) {
        const auto index = requested.take(item.id);
        if (index == Requested::kTwice) return fail(breaks("an item comes twice"));
        if (index == Requested::kUnknown)
            return fail(breaks("an item comes that was not asked for"));
        const auto stamp = index < stamps.size()
                               ? std::string_view(stamps[index].ptr, stamps[index].len)
                               : std::string_view();
        const std::string rule = broken_rule(item, stamp, flags);
        if (!rule.empty()) return fail(breaks(rule));
        if (item.error) item.error = failure(item.error->code, filter(item.error->what));
    }
    return std::move(answers.items);
}

Result<std::vector<Item>> Instance::items(const std::vector<std::string>& ids, std::uint32_t flags,
                                          const Call& call) {
    if (!can(EK_CAP_LIST)) {
        if (!ids.empty()) return read_items(ids, {}, flags, call);
        return fail(Errc::unsupported, "the collection " + name_ + " cannot be listed");
    }
    Answers answers(call, flags);
    const std::string filter = ids.empty() ? "" : "{\"ids\":" + ids_json(ids) + "}";
    auto error = run("list", answers, [&](ek_instance* self, const ek_call* frame) {
        return table_.list(self, frame, ids.empty() ? kAbsent : borrow(filter));
    });
    if (error) return fail_with(*std::move(error));
    return items_of(answers, ids, {}, flags);
}

Result<std::vector<Item>> Instance::read_items(const std::vector<std::string>& ids,
                                               const std::vector<ek_str>& stamps,
                                               std::uint32_t flags, const Call& call) {
    Answers answers(call, flags);
    answers.know(stamps);
    const std::string wanted = ids_json(ids);
    auto error = run("read", answers, [&](ek_instance* self, const ek_call* frame) {
        return table_.read(self, frame, borrow(wanted));
    });
    if (error && error->code == Errc::not_found && answers.items.empty())
        return std::vector<Item>();
    if (error) return fail_with(*std::move(error));
    return items_of(answers, ids, stamps, flags);
}

Result<std::vector<Item>> Instance::list(const std::vector<std::string>& ids, const Call& call) {
    return items(ids, 0, call);
}

Result<std::vector<Item>> Instance::read(const std::vector<std::string>& ids, const Call& call) {
    return read_items(ids, {}, 0, call);
}

Result<std::vector<Item>> Instance::read_changed(const std::vector<Known>& known,
                                                 const Call& call) {
    std::vector<std::string> ids;
    std::vector<ek_str> stamps;
    for (const auto& [id, stamp] : known) {
        ids.push_back(id);
        stamps.push_back(stamp.empty() ? kAbsent : borrow(stamp));
    }
    return read_items(ids, stamps, 0, call);
}

Result<std::vector<Item>> Instance::describe(const std::vector<std::string>& ids,
                                             const Call& call) {
    if (!can(EK_CAP_DESCRIBE)) return Collection::describe(ids, call);
    return items(ids, EK_CALL_DESCRIBE, call);
}

}  // namespace evenkeel::plugin
