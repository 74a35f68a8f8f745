#include "core/agent/watches.hpp"

#include <utility>

#include "core/agent/store/agent_store.hpp"
#include "core/base/log.hpp"
#include "core/base/time.hpp"

namespace evenkeel::agent {
namespace {

// From so many losses one after the other on it is said that they do not end.
constexpr int kLossesToName = 3;

}  // namespace

Watches::Loss::Loss(const Options& options)
    : pauses(run::Backoff::without_jitter(options.shortest_pause, options.longest_pause)) {}

Watches::Watches(Parts parts, Options options, Blind blind)
    : parts_(std::move(parts)), options_(options), blind_(std::move(blind)) {}

Watches::~Watches() {
    for (const auto& [name, inbox] : inboxes_) inbox->close();
}

void Watches::open(CollectionRunner& runner, std::function<void()> done) {
    const std::string& name = runner.name();
    std::vector<Metadata> described;
    for (const std::string& id : parts_.catalog.ids_of(name))
        described.push_back(parts_.catalog.find({name, id})->metadata);
    plugin::OnHint on_hint;
    if (options_.watch) {
        auto& inbox = inboxes_[name];
        if (!inbox)
            inbox = std::make_shared<HintInbox>(
                parts_.loop, name, [this, name](plugin::Hint hint, const std::string& id) {
                    this->on_hint(hint, name, id);
                });
        on_hint = [inbox](plugin::Hint hint, const std::string& id) { inbox->put(hint, id); };
    }
    runner.run<OpenedWatch>(
        PluginCall("opening of the watch"),
        [store = parts_.store, described, on_hint](LaneContext& lane, const plugin::Call& call) {
            return open_watch(lane, *store, described, on_hint, call);
        },
        [this, &runner, done = std::move(done)](const Result<OpenedWatch>& opened) {
            if (opened) on_opened(runner, *opened);
            done();
        });
}

void Watches::on_opened(CollectionRunner& runner, const OpenedWatch& opened) {
    for (const Description& upgraded : opened.upgraded) keep(upgraded);
    // Without a watch, what follows from its loss is told instead.
    if (options_.watch && runner.collection().watches() && opened.unwatched > 0 &&
        !opened.lacks_watch) {
        log::warning("resources without a watch",
                     {{"collection", runner.name()}, {"count", std::to_string(opened.unwatched)}});
        blind_(now_rfc3339(), "watch_lost");
    }
    if (!opened.lacks_watch) return;
    // As if it had been lost at once.
    loss_of(runner.name()).over_ns = now_monotonic_ns();
    on_missed(runner.name());
}

// What is not stored is upgraded again at the next opening. A description that has come meanwhile
// stays as it is.
void Watches::keep(const Description& upgraded) {
    const auto written = std::make_shared<bool>(false);
    const auto write = [&store = parts_.journal.store(), upgraded, written](
                           store::WriteTxn& txn, const auto&) -> Result<void> {
        *written = EK_TRY(store.put_upgraded(txn, upgraded));
        return {};
    };
    const auto note = [this, upgraded = upgraded.metadata, written](const Result<void>& stored) {
        const CatalogEntry* entry = parts_.catalog.find(upgraded.ref);
        if (!stored || !*written || !entry || entry->metadata.generation != upgraded.generation ||
            entry->metadata.origin != upgraded.origin) {
            return;
        }
        Metadata metadata = entry->metadata;
        metadata.schema_version = upgraded.schema_version;
        parts_.catalog.put(metadata);
    };
    parts_.journal.commit({}, write, note);
}

void Watches::on_hint(plugin::Hint hint, const std::string& collection, const std::string& id) {
    Checker& checker = parts_.checker;
    switch (hint) {
        case plugin::Hint::unsettled:
            return checker.unsettled({collection, id});
        case plugin::Hint::missed:
            checker.settled(collection, "");
            return on_missed(collection);
        case plugin::Hint::hung:
            if (CollectionRunner* runner = parts_.registry.find(collection)) runner->give_up(id);
            return;
        case plugin::Hint::changed:
            checker.settled(collection, id);
            if (id.empty()) return checker.request_collection(collection, CheckTrigger::event);
            return checker.request({collection, id}, CheckTrigger::event);
    }
}

Watches::Loss& Watches::loss_of(const std::string& collection) {
    return losses_.try_emplace(collection, options_).first->second;
}

// A watch that has held for longer than the longest pause is as good as new.
std::chrono::milliseconds Watches::pause_before(Loss& loss, const std::string& collection) const {
    const auto since = std::chrono::nanoseconds(now_monotonic_ns() - loss.over_ns);
    if (loss.over_ns == 0 || since > options_.longest_pause) {
        loss.pauses.reset();
        return std::chrono::milliseconds(0);
    }
    const auto pause = loss.pauses.next();
    if (loss.pauses.failures() == kLossesToName)
        log::warning(
            "a watch is lost again and again, and opened again after longer and longer "
            "pauses; the sweep looks after it meanwhile",
            {{"collection", collection}, {"pause_ms", std::to_string(pause.count())}});
    return pause;
}

void Watches::on_missed(const std::string& collection) {
    Loss& loss = loss_of(collection);
    if (std::exchange(loss.busy, true)) {
        loss.again = true;
        return;
    }
    loss.again = false;
    loss.from = now_rfc3339();
    const auto pause = pause_before(loss, collection);
    if (pause.count() == 0) return find_out(collection);
    loss.pause = parts_.loop.after(pause, [this, collection] { find_out(collection); });
}

// Everything is checked again, after a new watch is opened if the old one is lost.
void Watches::find_out(const std::string& collection) {
    CollectionRunner* runner = parts_.registry.find(collection);
    if (!runner) return;
    runner->run<bool>(
        PluginCall("question whether the watch is lost"),
        [](LaneContext& lane, const plugin::Call&) {
            const auto watch = lane.watch();
            return !watch || watch->lost();
        },
        [this, runner, collection](const Result<bool>& lost) {
            if (!lost) {
                loss_of(collection).busy = false;
                return;
            }
            if (!*lost) return look_again(collection, "queue_overflow");
            open(*runner, [this, collection] { look_again(collection, "watch_lost"); });
        });
}

void Watches::look_again(const std::string& collection, const std::string& reason) {
    parts_.checker.round(collection, CheckTrigger::sweep, [this, collection, reason] {
        blind_(loss_of(collection).from, reason);
        on_looked(collection);
    });
}

void Watches::on_looked(const std::string& collection) {
    Loss& loss = loss_of(collection);
    loss.busy = false;
    loss.over_ns = now_monotonic_ns();
    if (loss.again) on_missed(collection);
}

}  // namespace evenkeel::agent
