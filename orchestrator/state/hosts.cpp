#include "orchestrator/state/hosts.hpp"

#include <set>
#include <utility>
#include <vector>

#include "core/base/id.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/event.hpp"
#include "orchestrator/state/records.hpp"
#include "orchestrator/state/resources.hpp"
#include "orchestrator/state/to_compile.hpp"
#include "orchestrator/state/to_rest.hpp"
#include "orchestrator/state/wanted.hpp"

// hosts: id -> Host; last_seen: id -> time; names: name -> id; fingerprints: certificate -> id;
// marks: id -> EventMark; environment_hosts: environment, 0, id -> "1"
namespace evenkeel::state {
namespace {

// The keys of an environment and of those below it.
std::vector<store::Range> ranges_of(std::string_view environment) {
    if (environment.empty()) return {store::Range::all()};
    return {store::Range::prefix(environment_key(environment, "")),
            store::Range::prefix(std::string(environment) + "/")};
}

}  // namespace

Hosts View::hosts() const {
    return Hosts(*this);
}

HostEdits Edit::hosts() {
    return HostEdits(*this);
}

Result<std::optional<Host>> Hosts::find(std::string_view id) const {
    const auto text = EK_TRY(txn_->get(tables_->hosts, id));
    if (!text) return std::optional<Host>();
    return std::optional<Host>(EK_TRY(decode(*text)));
}

Result<std::optional<EnrolmentState>> Hosts::enrolment_of(std::string_view id) const {
    const auto record = EK_TRY(txn_->get(tables_->hosts, id));
    if (!record) return std::nullopt;
    auto state = from_string<EnrolmentState>(EK_TRY(text_member(*record, R"(,"enrolment":")")));
    if (!state) return damaged_record(state.error().what);
    return *state;
}

Result<std::optional<Host>> Hosts::resolve(std::string_view id_or_name) const {
    if (is_id("host", id_or_name)) return find(id_or_name);
    const auto id = EK_TRY(id_of(id_or_name));
    return id ? find(*id) : Result<std::optional<Host>>(std::nullopt);
}

Result<std::optional<std::string>> Hosts::id_of(std::string_view name) const {
    return txn_->get(tables_->names, name);
}

Result<void> Hosts::each(const std::function<bool(const Host&)>& visit) const {
    return txn_->scan(tables_->hosts, store::Range::all(),
                      [&](std::string_view, std::string_view text) {
                          const auto host = decode(text);
                          return !host || visit(*host);
                      });
}

Result<bool> Hosts::has_hosts_in(std::string_view environment) const {
    const auto own = store::Range::prefix(environment_key(environment, ""));
    return EK_TRY(txn_->first(tables_->environment_hosts, own)).has_value();
}

Result<std::uint64_t> Hosts::count_in(std::string_view environment) const {
    std::uint64_t count = 0;
    EK_CHECK(txn_->scan(tables_->environment_hosts,
                        store::Range::prefix(environment_key(environment, "")),
                        [&count](std::string_view, std::string_view) {
                            ++count;
                            return true;
                        }));
    return count;
}

Result<void> Hosts::each_id_in(std::string_view environment,
                               const std::function<bool(std::string_view)>& visit) const {
    bool goes_on = true;
    for (const store::Range& range : ranges_of(environment)) {
        if (!goes_on) break;
        EK_CHECK(txn_->scan(tables_->environment_hosts, range,
                            [&](std::string_view key, std::string_view) {
                                goes_on = visit(key.substr(key.find('\0') + 1));
                                return goes_on;
                            }));
    }
    return {};
}

Result<void> Hosts::each_in(std::string_view environment,
                            const std::function<bool(const Host&)>& visit) const {
    return each_id_in(environment, [&](std::string_view id) {
        const auto host = find(id);
        return !host || !*host || visit(**host);
    });
}

Result<void> Hosts::each_certificate(
    const std::function<void(std::string_view, std::string_view)>& visit) const {
    return txn_->scan(tables_->fingerprints, store::Range::all(),
                      [&](std::string_view fingerprint, std::string_view host) {
                          visit(fingerprint, host);
                          return true;
                      });
}

Result<EventMark> Hosts::event_mark(std::string_view host) const {
    return EK_TRY(find_record<EventMark>(*txn_, tables_->marks, host, decode_mark))
        .value_or(EventMark{});
}

List Hosts::list() const {
    return Record::list(tables_->hosts);
}

Result<Host> Hosts::read(const Entry& entry) const {
    return decode(Record::text(entry));
}

bool Hosts::peek(const Entry& entry, const FieldNames& names, FieldValues& values) {
    if (!Record::peek(Record::text(entry), names, values, {"version"})) return false;
    for (std::size_t i = 0; i < names.size(); ++i) {
        const bool is_older = names[i] == "environment" && values[i].is_null();
        if (is_older) values[i] = kDefaultEnvironment;
    }
    return true;
}

Result<std::string> Hosts::last_seen(std::string_view id) const {
    return EK_TRY(txn_->get(tables_->last_seen, id)).value_or("");
}

Result<Host> Hosts::decode(std::string_view text) const {
    Host host = EK_TRY(decode_record<Host>(text, decode_host));
    host.last_seen = EK_TRY(last_seen(host.id));
    return host;
}

std::string Hosts::position_of(std::string_view id) {
    return std::string(id);
}

HostEdits::HostEdits(Edit& edit) : Hosts(edit), RepositoryEdits(edit) {}

Result<void> HostEdits::put(const Host& host) {
    const auto before = EK_TRY(find_record<Host>(*txn_, tables_->hosts, host.id, decode_host));
    EK_CHECK(keep_index(before, host));
    EK_CHECK(edit_->to_compile().put(host.id, changed_names(before ? &*before : nullptr, host)));
    return put_record(*write_, tables_->hosts, host.id, encode(host));
}

Result<void> HostEdits::keep_index(const std::optional<Host>& before, const Host& host) {
    const bool was_there = before && !before->retired();
    const bool is_same = was_there && !host.retired() && before->environment == host.environment;
    if (is_same) return {};
    if (was_there) {
        EK_CHECK(write_->erase(tables_->environment_hosts,
                               environment_key(before->environment, host.id)));
    }
    if (host.retired()) return {};
    return write_->put(tables_->environment_hosts, environment_key(host.environment, host.id), "1");
}

Result<void> HostEdits::put_last_seen(std::string_view host, std::string_view time) {
    return write_->put(tables_->last_seen, host, time);
}

Result<void> HostEdits::announce(const Host& host) {
    EK_CHECK(put(host));
    const ComplianceCounts counts = EK_TRY(edit_->resources().counts(host.id));
    const auto wanted = EK_TRY(edit_->wanted().find(host.id));
    EK_CHECK(
        edit_->add_event(EventType::host_changed, host.id, host.id, show(host, counts, wanted)));
    return {};
}

Result<void> HostEdits::put_name(std::string_view name, std::string_view host) {
    return write_->put(tables_->names, name, host);
}

Result<void> HostEdits::erase_name(std::string_view name) {
    EK_CHECK(write_->erase(tables_->names, name));
    return {};
}

Result<void> HostEdits::put_certificate(std::string_view fingerprint, std::string_view host) {
    return write_->put(tables_->fingerprints, fingerprint, host);
}

Result<void> HostEdits::erase_certificate(std::string_view fingerprint) {
    EK_CHECK(write_->erase(tables_->fingerprints, fingerprint));
    return {};
}

Result<void> HostEdits::put_event_mark(std::string_view host, const EventMark& mark) {
    return put_record(*write_, tables_->marks, host, encode(mark));
}

}  // namespace evenkeel::state
