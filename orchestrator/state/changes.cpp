#include "orchestrator/state/changes.hpp"

#include <string_view>
#include <unordered_set>

#include "core/store/write_set.hpp"
#include "orchestrator/state/commands.hpp"
#include "orchestrator/state/event.hpp"
#include "orchestrator/state/model_objects.hpp"
#include "orchestrator/state/records.hpp"
#include "orchestrator/state/repository.hpp"
#include "orchestrator/state/view.hpp"

namespace evenkeel::state {
namespace {

class Reader : private Repository {
  public:
    explicit Reader(const View& view) : Repository(view) {}

    Result<void> add(const store::WriteSet::Touch& touch) {
        const auto is = [&touch](store::Table table) { return touch.table == table.handle; };
        if (is(tables_->events)) return add_event(touch.key);
        if (is(tables_->fingerprints)) return add_certificate(touch.key);
        if (is(tables_->deadlines)) return add_deadline(touch.key);
        if (is(tables_->model)) add_model_object(touch.key);
        if (is(tables_->to_compile)) return add_to_compile(touch.key);
        if (is(tables_->queue) || is(tables_->accepted)) {
            std::string host = touch.key.substr(0, touch.key.find('\0'));
            if (queues_.insert(host).second) changes.queues.push_back(std::move(host));
        }
        if (is(tables_->hosts)) changes.hosts.push_back(touch.key);
        if (is(tables_->tallies)) changes.counted_hosts.push_back(touch.key);
        if (is(tables_->enrolments)) changes.enrolments.push_back(touch.key);
        if (is(tables_->tokens)) changes.tokens.push_back(touch.key);
        if (is(tables_->plans) || is(tables_->plan_parts)) add_plan(touch.key);
        return {};
    }

    Changes changes;

  private:
    // Parts have the id of a plan first, or that of a host that waits.
    void add_plan(const std::string& key) {
        std::string id = key.substr(0, key.find('\0'));
        if (id.starts_with("plan_") && plans_.insert(id).second) {
            changes.plans.push_back(std::move(id));
        }
    }

    // One that was thrown away is no event.
    Result<void> add_event(const std::string& key) {
        const store::Range one{.from = key, .until = key + '\0'};
        return txn_->scan(tables_->events, one, [&](std::string_view, std::string_view record) {
            const auto event = decode_event(record);
            const auto revision = store::number_of(key);
            if (event && revision) changes.events.push_back({*revision, std::string(event->type)});
            return false;
        });
    }

    // A command has a deadline until it has ended.
    Result<void> add_deadline(const std::string& key) {
        const bool ended = !EK_TRY(txn_->get(tables_->deadlines, key)).has_value();
        if (ended) changes.ended_commands.emplace_back(Commands::id_of_deadline(key));
        return {};
    }

    Result<void> add_certificate(const std::string& fingerprint) {
        auto host = EK_TRY(txn_->get(tables_->fingerprints, fingerprint));
        changes.certificates.push_back({fingerprint, std::move(host)});
        return {};
    }

    void add_model_object(std::string_view key) {
        const std::size_t end = key.find('\0');
        const auto kind = find_name<ModelKind>(key.substr(0, end));
        if (kind) changes.model_objects.push_back({*kind, std::string(key.substr(end + 1))});
    }

    // One that was compiled is told by what became of it.
    Result<void> add_to_compile(const std::string& host) {
        const bool is_there = EK_TRY(txn_->get(tables_->to_compile, host)).has_value();
        if (is_there) changes.to_compile.push_back(host);
        return {};
    }

    std::unordered_set<std::string> queues_;
    std::unordered_set<std::string> plans_;
};

}  // namespace

bool Changes::empty() const {
    return events.empty() && hosts.empty() && counted_hosts.empty() && ended_commands.empty() &&
           queues.empty() && enrolments.empty() && tokens.empty() && plans.empty() &&
           certificates.empty() && model_objects.empty() && to_compile.empty();
}

Result<Changes> changes_of(const store::WriteSet& touched, const View& view) {
    Reader reader(view);
    for (const store::WriteSet::Touch& touch : touched.touches()) EK_CHECK(reader.add(touch));
    return std::move(reader.changes);
}

}  // namespace evenkeel::state
