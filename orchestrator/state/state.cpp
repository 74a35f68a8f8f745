#include "orchestrator/state/state.hpp"

#include <chrono>
#include <utility>

#include "core/base/log.hpp"
#include "core/json/json.hpp"
#include "orchestrator/state/audit.hpp"
#include "orchestrator/state/changes.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/migrations.hpp"
#include "orchestrator/state/tables.hpp"

namespace evenkeel::state {

namespace {

constexpr const char* kClock = "clock";
constexpr std::chrono::seconds kRetryAfter{1};

json::Value encode(const SteadyClock::Mark& mark) {
    return json::Object{{"boot", mark.at.boot},
                        {"monotonic_ms", mark.at.monotonic_ms},
                        {"wall_ms", mark.at.wall_ms},
                        {"clock_ms", mark.clock_ms}};
}

// Nothing in the store of a program before this record.
Result<std::optional<SteadyClock::Mark>> read_clock(const store::Env& env,
                                                    const store::ReadTxn& txn) {
    const auto text = EK_TRY(txn.get(env.table("meta"), kClock));
    if (!text) return std::nullopt;
    const json::Value mark = EK_TRY(json::parse(*text));
    return SteadyClock::Mark{
        {mark.string_or("boot"), mark.integer_or("monotonic_ms"), mark.integer_or("wall_ms")},
        mark.integer_or("clock_ms")};
}

}  // namespace

store::Env::Options store_options() {
    return {.tables = table_names(),
            .retired_tables = retired_table_names(),
            .migrations = migrations()};
}

State::State(store::Env env, run::Loop& loop, store::Writer::Options options)
    : env_(std::move(env)),
      tables_(std::make_unique<Tables>(tables_of(env_))),
      loop_(loop),
      post_(loop.poster()) {
    writer_ = std::make_unique<store::Writer>(env_, post_, options);
}

State::~State() = default;

Result<std::unique_ptr<State>> State::open(const std::string& folder, run::Loop& loop,
                                           store::Writer::Options options) {
    store::Env env = EK_TRY(store::Env::open(folder, store_options()));
    std::unique_ptr<State> state(new State(std::move(env), loop, options));
    const store::ReadTxn txn = EK_TRY(state->env_.read());
    state->stream_ = EK_TRY(store::stream_of(state->env_, txn));
    state->kept_clock_ = EK_TRY(read_clock(state->env_, txn));
    state->clock_ = SteadyClock(state->kept_clock_);
    return state;
}

void State::keep_clock() {
    const SteadyClock::Mark now = clock_.mark();
    if (kept_clock_ && !is_outdated(*kept_clock_, now)) return;
    const auto write = [this, text = json::write(encode(now))](store::WriteTxn& txn) {
        return txn.put(env_.table("meta"), kClock, text);
    };
    const auto after = [this, now](const Result<void>& stored) {
        if (stored) kept_clock_ = now;
    };
    if (auto queued = writer_->submit(write, after); !queued) {
        log::warning("the clock is not kept", {{"why", queued.error().what}});
    }
}

Result<Snapshot> State::read() const {
    auto txn = std::make_unique<store::ReadTxn>(EK_TRY(env_.read()));
    return Snapshot(std::move(txn), *tables_);
}

store::Writer::Work State::on_writer(Work work) {
    return [this, work = std::move(work)](store::WriteTxn& txn) {
        Edit edit(txn, *tables_, stream_.id, clock_);
        return work(edit);
    };
}

store::Writer::DoneWith State::on_loop(std::shared_ptr<Done> done) {
    return [this, done = std::move(done)](Result<void> result, const store::WriteSet& touched) {
        if (result) notify_listeners(touched);
        (*done)(std::move(result));
    };
}

void State::refuse(const Result<void>& queued, const std::shared_ptr<Done>& done) {
    if (!queued) post_([done, error = queued.error()] { (*done)(fail(error)); });
}

void State::submit(Work work, Done done, store::Importance importance) {
    const auto shared = std::make_shared<Done>(std::move(done));
    refuse(writer_->submit_tracked(on_writer(std::move(work)), on_loop(shared), importance),
           shared);
}

void State::submit_lazy(Work work, Done done) {
    const auto shared = std::make_shared<Done>(std::move(done));
    refuse(writer_->submit_lazy(on_writer(std::move(work)), on_loop(shared),
                                store::Importance::ordinary),
           shared);
}

void State::listen(std::function<void(const Changes&)> listener) {
    listen([listener = std::move(listener)](const Changes& changes, const View&) {
        listener(changes);
    });
}

void State::notify_listeners(const store::WriteSet& touched) {
    const bool is_behind = !untold_.empty();
    if (!is_behind && tell(touched)) return;
    untold_.add(touched);
    // Not before what was committed first.
    if (is_behind) tell_untold();
    else retry_later();
}

void State::tell_untold() {
    if (!tell(untold_)) return retry_later();
    untold_ = {};
    retry_.cancel();
}

void State::retry_later() {
    if (untold_.empty() || retry_.pending()) return;
    retry_ = loop_.after(kRetryAfter, [this] { tell_untold(); });
}

bool State::tell(const store::WriteSet& touched) const {
    const auto view = read();
    const auto changes = view ? changes_of(touched, *view) : fail(view.error());
    if (!changes) {
        log::error("changes cannot be read", {{"error", changes.error().what}});
        // A damaged record does not pass: it would hold up all that is changed later.
        return changes.error().code == Errc::corrupt;
    }
    if (changes->empty()) return true;
    for (const Listener& listener : listeners_) listener(*changes, *view);
    return true;
}

void State::submit(AuditContext audit_context, Work work, Done done) {
    submit(
        [audit_context = std::move(audit_context),
         work = std::move(work)](Edit& edit) -> Result<void> {
            EK_CHECK(work(edit));
            return edit.audit(audit_context);
        },
        std::move(done));
}

Result<void> State::run(const Work& work, store::Importance importance) {
    return writer_->run(
        [this, &work](store::WriteTxn& txn) {
            Edit edit(txn, *tables_, stream_.id, clock_);
            return work(edit);
        },
        importance);
}

}  // namespace evenkeel::state
