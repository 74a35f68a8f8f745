#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "orchestrator/state/host.hpp"
#include "orchestrator/state/list.hpp"
#include "orchestrator/state/repository.hpp"

namespace evenkeel::state {

// The hosts: their records, their unique names, the certificates by which the bus knows them, and
// how far their events are taken over. `edit.hosts()` changes them.
class Hosts : protected Repository {
  public:
    explicit Hosts(const View& view) : Repository(view) {}

    // With the time when it was last seen, which is kept apart. O(1)
    Result<std::optional<Host>> find(std::string_view id) const;
    // How far it has come in: the beginning of its record is read, not its facts. O(1)
    Result<std::optional<EnrolmentState>> enrolment_of(std::string_view id) const;
    // By id or by unique name, also one that a retired host keeps. O(1)
    Result<std::optional<Host>> resolve(std::string_view id_or_name) const;
    // The id of the host that has this name, or had it when it was retired and nobody has taken it
    // since: hosts/names.hpp says whether others may. O(1)
    Result<std::optional<std::string>> id_of(std::string_view name) const;
    // All of them, retired ones too, by id. False ends it. What does not read is passed over.
    // O(hosts)
    Result<void> each(const std::function<bool(const Host&)>& visit) const;

    // Whether an active host is in this environment itself. O(1)
    Result<bool> has_hosts_in(std::string_view environment) const;
    // How many active hosts are in this environment itself. O(answer)
    Result<std::uint64_t> count_in(std::string_view environment) const;
    // The ids of the active hosts of this environment and of those below it; empty: of all. By
    // environment, then by id. False ends it. No record is read. O(answer)
    Result<void> each_id_in(std::string_view environment,
                            const std::function<bool(std::string_view id)>& visit) const;
    // The same hosts. What does not read is passed over. O(answer)
    Result<void> each_in(std::string_view environment,
                         const std::function<bool(const Host&)>& visit) const;

    // Every certificate that may connect, with its host. O(certificates)
    Result<void> each_certificate(const std::function<void(std::string_view fingerprint,
                                                           std::string_view host)>& visit) const;
    // How far the host's events are taken over; from the start for one that is not known. O(1)
    Result<EventMark> event_mark(std::string_view host) const;

    // All hosts, retired ones too, by id.
    List list() const;
    Result<Host> read(const Entry& entry) const;
    // Of the record: not when it was last seen, and no verdicts. False when it cannot be told.
    static bool peek(const Entry& entry, const FieldNames& names, FieldValues& values);
    // RFC 3339, as it is stored; empty = never. O(1)
    Result<std::string> last_seen(std::string_view id) const;
    static std::string position_of(std::string_view id);

  private:
    Result<Host> decode(std::string_view text) const;
};

class HostEdits : public Hosts, private RepositoryEdits {
  public:
    explicit HostEdits(Edit& edit);

    // All but last_seen. What compiling sees of it and is not as before is noted in to_compile():
    // the host's name, environment, labels and facts. O(1)
    Result<void> put(const Host& host);
    // RFC 3339. Writes no other record of the host and causes no event or Changes, because it is
    // called very often. O(1)
    Result<void> put_last_seen(std::string_view host, std::string_view time);
    // put(), and the event host.changed. O(1)
    Result<void> announce(const Host& host);
    // The caller has made sure that the name may be taken (hosts/names.hpp). O(1)
    Result<void> put_name(std::string_view name, std::string_view host);
    Result<void> erase_name(std::string_view name);
    // Whether this certificate may connect: the allow list follows it. O(1)
    Result<void> put_certificate(std::string_view fingerprint, std::string_view host);
    Result<void> erase_certificate(std::string_view fingerprint);
    // O(1)
    Result<void> put_event_mark(std::string_view host, const EventMark& mark);

  private:
    Result<void> keep_index(const std::optional<Host>& before, const Host& host);
};

}  // namespace evenkeel::state
