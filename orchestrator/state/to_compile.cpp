#include "orchestrator/state/to_compile.hpp"

#include <utility>

#include "core/crypto/hash.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/host.hpp"
#include "orchestrator/state/records.hpp"

// to_compile: host id -> HostToCompile
namespace evenkeel::state {
namespace {

constexpr std::string_view kNumber = "to_compile";  // in counters

json::Value encode(const HostToCompile& one) {
    json::Array names(one.changed.begin(), one.changed.end());
    json::Object record{{"changed", std::move(names)}, {"number", one.number}};
    if (one.going.empty()) return record;
    record.append("going", json::Array(one.going.begin(), one.going.end()));
    return record;
}

Result<HostToCompile> decode_one(const json::Value& value) {
    HostToCompile one;
    for (const json::Value& name : value["changed"].as_array()) {
        if (!name.is_string()) return fail(Errc::corrupt, "what changed of a host is no name");
        one.changed.insert(name.as_string());
    }
    one.number = static_cast<std::uint64_t>(value.integer_or("number"));
    // Older entries have none: what goes by them waits where nothing goes by itself.
    const json::Value* going = value.find("going");
    if (!going || !going->is_array()) return one;
    for (const json::Value& code : going->as_array()) {
        if (!code.is_string()) return fail(Errc::corrupt, "what goes from a host is no code");
        one.going.insert(code.as_string());
    }
    return one;
}

// The members that differ, each behind `prefix`.
void add_different(const json::Value& before, const json::Value& now, const std::string& prefix,
                   std::set<std::string>& names) {
    for (const auto& [name, value] : now.as_object()) {
        const json::Value* old = before.find(name);
        if (!old || *old != value) names.insert(prefix + name);
    }
    for (const auto& [name, value] : before.as_object()) {
        if (!now.find(name)) names.insert(prefix + name);
    }
}

}  // namespace

std::string going_code(const wire::Ref& ref) {
    return crypto::sha256_hex(ref.collection + '\0' + ref.id).substr(0, 24);
}

std::set<std::string> changed_names(const Host* before, const Host& now) {
    const bool was_active = before && !before->retired();
    if (was_active == now.retired()) return {std::string(kEverything)};
    std::set<std::string> names;
    if (now.retired()) return names;
    if (before->name != now.name) names.insert("host.name");
    if (before->environment != now.environment) names.insert("environment.name");
    add_different(before->labels, now.labels, "host.labels.", names);
    add_different(before->facts, now.facts, "host.facts.", names);
    return names;
}

ToCompile View::to_compile() const {
    return ToCompile(*this);
}

ToCompileEdits Edit::to_compile() {
    return ToCompileEdits(*this);
}

Result<std::optional<HostToCompile>> ToCompile::find(std::string_view host) const {
    return find_record<HostToCompile>(*txn_, tables_->to_compile, host, decode_one);
}

Result<void> ToCompile::each(
    const std::function<bool(std::string_view, const HostToCompile&)>& visit) const {
    Result<void> read;
    EK_CHECK(txn_->scan(tables_->to_compile, store::Range::all(),
                        [&](std::string_view host, std::string_view text) {
                            const auto one = decode_record<HostToCompile>(text, decode_one);
                            if (!one) read = fail(one.error());
                            return one && visit(host, *one);
                        }));
    return read;
}

ToCompileEdits::ToCompileEdits(Edit& edit) : ToCompile(edit), RepositoryEdits(edit) {}

Result<void> ToCompileEdits::put(std::string_view host, const std::set<std::string>& changed,
                                 const std::set<std::string>& going) {
    if (changed.empty()) return {};
    HostToCompile one = EK_TRY(find(host)).value_or(HostToCompile{});
    one.changed.insert(changed.begin(), changed.end());
    // An edit shows all that the host loses then, also by what came before.
    if (changed.contains(kModelEdited)) one.going = going;
    if (one.is_everything()) {
        std::erase_if(one.changed, [](const std::string& name) {
            return name != kEverything && name != kModelEdited;
        });
    }
    one.number = EK_TRY(edit_->next_number(kNumber));
    return put_record(*write_, tables_->to_compile, host, encode(one));
}

Result<void> ToCompileEdits::take_back_edited(std::string_view host) {
    auto one = EK_TRY(find(host));
    if (!one || one->changed.erase(kModelEdited) == 0) return {};
    one->going.clear();
    if (!one->is_everything()) one->changed.insert(kModelChanged);
    one->number = EK_TRY(edit_->next_number(kNumber));
    return put_record(*write_, tables_->to_compile, host, encode(*one));
}

Result<bool> ToCompileEdits::erase_if_unchanged(std::string_view host, const HostToCompile& seen) {
    const auto now = EK_TRY(find(host));
    if (!now || now->number != seen.number) return false;
    EK_CHECK(write_->erase(tables_->to_compile, host));
    return true;
}

}  // namespace evenkeel::state
