#include "tests/component/agent/fake_collection.hpp"

#include <utility>

namespace evenkeel::test {
namespace {

constexpr const char* kSchema = R"({"type":"object","additionalProperties":false,
  "x-ek-key":{"pattern":"^[a-z0-9]+$","description":"A word."},
  "properties":{"text":{"type":"string"},"color":{"type":"string"},
                "secret":{"type":"string","x-ek-sensitive":true}}})";

// Writes no JSON text: that is counted.
std::string stamp_of(const json::Value& state) {
    std::string stamp;
    for (const auto& [name, value] : state.as_object())
        stamp += name + "=" + (value.is_string() ? value.as_string() : "") + ";";
    return stamp;
}

}  // namespace

class FakeWatch : public plugin::Watch {
  public:
    explicit FakeWatch(std::shared_ptr<FakeMachine> machine) : machine_(std::move(machine)) {}
    ~FakeWatch() override {
        const std::scoped_lock lock(machine_->mutex_);
        machine_->on_hint_ = nullptr;
        machine_->interests_.clear();
    }
    Result<void> interest(const std::string& id, bool on, const plugin::Call&) override {
        const std::scoped_lock lock(machine_->mutex_);
        if (on) {
            machine_->interests_.insert(id);
        } else {
            machine_->interests_.erase(id);
        }
        return {};
    }

  private:
    std::shared_ptr<FakeMachine> machine_;
};

class FakeCollection : public plugin::Collection {
  public:
    FakeCollection(std::shared_ptr<FakeMachine> machine, std::string name,
                   std::uint32_t schema_version)
        : machine_(std::move(machine)),
          name_(std::move(name)),
          schema_version_(schema_version),
          plugin_(name_ + " 1.0.0"),
          schema_(schema::Schema::compile(kSchema).value()) {}

    const std::string& name() const override { return name_; }
    const std::string& plugin() const override { return plugin_; }
    const schema::Schema& schema() const override { return schema_; }
    const std::string& schema_text() const override { return text_; }
    std::uint32_t schema_version() const override { return schema_version_; }
    std::vector<std::string> actions() const override { return {"shout"}; }
    bool watches() const override { return true; }

    std::optional<Error> open(const plugin::Call&) override {
        machine_->pass("open");
        const std::scoped_lock lock(machine_->mutex_);
        ++machine_->opens_;
        if (machine_->failing_opens_ == 0) return std::nullopt;
        --machine_->failing_opens_;
        return Error{machine_->open_error_, "the bus is not there yet"};
    }

    Result<std::vector<plugin::Item>> list(const std::vector<std::string>& ids,
                                           const plugin::Call& call) override {
        if (!ids.empty()) return read(ids, call);
        const std::scoped_lock lock(machine_->mutex_);
        std::vector<plugin::Item> items;
        for (const auto& [id, state] : machine_->drafts_) items.push_back({id, state, {}});
        return items;
    }

    Result<std::vector<plugin::Item>> read(const std::vector<std::string>& ids,
                                           const plugin::Call&) override {
        machine_->pass("read");
        std::vector<plugin::Item> items;
        std::function<void()> then;
        {
            const std::scoped_lock lock(machine_->mutex_);
            ++machine_->reads_;
            for (const std::string& id : ids) {
                const auto found = machine_->drafts_.find(id);
                if (found == machine_->drafts_.end()) continue;
                items.push_back({id, found->second, {}, stamp_of(found->second)});
            }
            then = machine_->after_read_;
        }
        if (then) then();
        return items;
    }

    // A stamp is the state itself.
    Result<std::vector<plugin::Item>> read_changed(const std::vector<plugin::Known>& known,
                                                   const plugin::Call& call) override {
        std::vector<std::string> ids;
        for (const plugin::Known& each : known) ids.push_back(each.id);
        auto items = read(ids, call);
        if (!items) return items;
        for (plugin::Item& item : *items) {
            for (const plugin::Known& each : known)
                item.unchanged |= each.id == item.id && each.stamp == item.stamp;
            if (item.unchanged) item.state = nullptr;
        }
        return items;
    }

    plugin::Applied apply(const std::string& id, const json::Value& description, bool dry_run,
                          const plugin::Call&) override {
        if (!dry_run) machine_->pass("apply");
        plugin::Applied applied;
        {
            const std::scoped_lock lock(machine_->mutex_);
            if (!dry_run && machine_->apply_error_) {
                applied.error = machine_->apply_error_;
                return applied;
            }
            if (const auto bad = machine_->apply_errors_.find(id);
                bad != machine_->apply_errors_.end()) {
                applied.error = bad->second;
                return applied;
            }
            applied.notes = machine_->notes_;
            const auto found = machine_->drafts_.find(id);
            json::Value state =
                found == machine_->drafts_.end() ? json::Value(json::Object{}) : found->second;
            for (const auto& [name, value] : description.as_object()) {
                if (state[name] == value) continue;
                applied.changes.push_back({"/" + name, state[name], value, wire::Action::set,
                                           dry_run ? wire::Outcome::planned : wire::Outcome::done});
                state.as_object().set(name, value);
            }
            if (dry_run) return applied;
            ++machine_->applies_;
            machine_->drafts_[id] = std::move(state);
            if (!applied.changes.empty()) machine_->deeds_.push_back("apply " + id);
        }
        // Own writes are noticed like any other.
        machine_->hint(id);
        machine_->pass("applied");
        return applied;
    }

    plugin::Applied remove(const std::string& id, bool dry_run, const plugin::Call&) override {
        if (!dry_run) machine_->pass("remove");
        const std::scoped_lock lock(machine_->mutex_);
        plugin::Applied applied;
        if (!machine_->drafts_.contains(id)) return applied;
        applied.changes.push_back({"/ensure", "present", "absent", wire::Action::remove,
                                   dry_run ? wire::Outcome::planned : wire::Outcome::done});
        if (!dry_run) {
            machine_->drafts_.erase(id);
            machine_->deeds_.push_back("remove " + id);
        }
        return applied;
    }

    bool parallel() const override {
        const std::scoped_lock lock(machine_->mutex_);
        return machine_->parallel_;
    }

    bool batches() const override {
        const std::scoped_lock lock(machine_->mutex_);
        return machine_->batching_;
    }

    std::vector<plugin::Applied> apply_many(const std::vector<plugin::Entry>& entries, bool dry_run,
                                            const plugin::Call& call) override {
        {
            const std::scoped_lock lock(machine_->mutex_);
            auto& ids = machine_->batches_.emplace_back();
            for (const plugin::Entry& each : entries) ids.push_back(each.id);
        }
        return Collection::apply_many(entries, dry_run, call);
    }

    plugin::Applied invoke(const std::string& id, const std::string& action, const json::Value&,
                           const plugin::Call&) override {
        machine_->pass("invoke");
        plugin::Applied applied;
        if (action != "shout") applied.error = Error{Errc::unsupported, "no such action"};
        const std::scoped_lock lock(machine_->mutex_);
        if (!machine_->drafts_.contains(id)) applied.error = Error{Errc::not_found, "no such note"};
        if (!applied.error) applied.error = machine_->invoke_error_;
        if (!applied.error) machine_->deeds_.push_back(action + " " + id);
        return applied;
    }

    Result<std::vector<wire::FieldDrift>> compare(const std::string&,
                                                  const json::Value& description,
                                                  const json::Value& state) override {
        std::vector<wire::FieldDrift> fields;
        for (const auto& [name, value] : description.as_object()) {
            if (state[name] != value) fields.push_back({"/" + name, value, state[name]});
        }
        return fields;
    }

    Result<json::Value> upgrade(std::uint32_t from, const json::Value& description) override {
        machine_->pass("upgrade");
        json::Value upgraded = description;
        upgraded.as_object().set("color", "of version " + std::to_string(from));
        return upgraded;
    }

    Result<std::unique_ptr<plugin::Watch>> watch(plugin::OnHint on_hint,
                                                 const plugin::Call&) override {
        const std::scoped_lock lock(machine_->mutex_);
        if (machine_->failing_watches_ > 0) {
            --machine_->failing_watches_;
            return fail(Errc::unavailable, "no watch is left");
        }
        machine_->on_hint_ = std::move(on_hint);
        return std::make_unique<FakeWatch>(machine_);
    }

  private:
    std::shared_ptr<FakeMachine> machine_;
    std::string name_;
    std::uint32_t schema_version_;
    std::string plugin_;
    std::string text_ = kSchema;
    schema::Schema schema_;
};

void FakeMachine::pass(const std::string& call) {
    std::unique_lock lock(mutex_);
    const auto hung = hung_.insert(call);
    gone_on_.wait(lock, [&] { return !hanging_.contains(call); });
    hung_.erase(hung);
}

void FakeMachine::hang_in(const std::string& call) {
    const std::scoped_lock lock(mutex_);
    hanging_.insert(call);
}

bool FakeMachine::hangs_in(const std::string& call) const {
    const std::scoped_lock lock(mutex_);
    return hung_.contains(call);
}

void FakeMachine::let_go() {
    const std::scoped_lock lock(mutex_);
    hanging_.clear();
    gone_on_.notify_all();
}

void FakeMachine::after_reads(std::function<void()> work) {
    const std::scoped_lock lock(mutex_);
    after_read_ = std::move(work);
}

void FakeMachine::fail_applies(std::optional<Error> error) {
    const std::scoped_lock lock(mutex_);
    apply_error_ = std::move(error);
}

void FakeMachine::fail_apply_of(const std::string& id, std::optional<Error> error) {
    const std::scoped_lock lock(mutex_);
    apply_errors_.erase(id);
    if (error) apply_errors_.emplace(id, *std::move(error));
}

void FakeMachine::fail_invokes(std::optional<Error> error) {
    const std::scoped_lock lock(mutex_);
    invoke_error_ = std::move(error);
}

void FakeMachine::warn(std::vector<std::string> notes) {
    const std::scoped_lock lock(mutex_);
    notes_ = std::move(notes);
}

std::vector<std::string> FakeMachine::apply_results() const {
    const std::scoped_lock lock(mutex_);
    return deeds_;
}

void FakeMachine::allow_parallel() {
    const std::scoped_lock lock(mutex_);
    parallel_ = true;
}

void FakeMachine::batch() {
    const std::scoped_lock lock(mutex_);
    batching_ = true;
}

std::vector<std::vector<std::string>> FakeMachine::batches() const {
    const std::scoped_lock lock(mutex_);
    return batches_;
}

void FakeMachine::set(const std::string& id, json::Object state) {
    const std::scoped_lock lock(mutex_);
    drafts_[id] = std::move(state);
}

void FakeMachine::erase(const std::string& id) {
    const std::scoped_lock lock(mutex_);
    drafts_.erase(id);
}

json::Value FakeMachine::get(const std::string& id) const {
    const std::scoped_lock lock(mutex_);
    const auto found = drafts_.find(id);
    return found == drafts_.end() ? json::Value() : found->second;
}

void FakeMachine::hint(const std::string& id, plugin::Hint hint) {
    const std::scoped_lock lock(mutex_);
    if (on_hint_ && (id.empty() || interests_.contains(id))) on_hint_(hint, id);
}

void FakeMachine::tamper(const std::string& id, json::Object state) {
    set(id, std::move(state));
    hint(id);
}

void FakeMachine::begin_to_tamper(const std::string& id, json::Object state) {
    set(id, std::move(state));
    hint(id, plugin::Hint::unsettled);
}

void FakeMachine::vanish(const std::string& id) {
    erase(id);
    hint(id);
}

int FakeMachine::applies() const {
    const std::scoped_lock lock(mutex_);
    return applies_;
}

int FakeMachine::reads() const {
    const std::scoped_lock lock(mutex_);
    return reads_;
}

void FakeMachine::fail_watches(int times) {
    const std::scoped_lock lock(mutex_);
    failing_watches_ = times;
}

void FakeMachine::fail_opens(int times, Errc code) {
    const std::scoped_lock lock(mutex_);
    failing_opens_ = times;
    open_error_ = code;
}

int FakeMachine::opens() const {
    const std::scoped_lock lock(mutex_);
    return opens_;
}

std::set<std::string> FakeMachine::watched() const {
    const std::scoped_lock lock(mutex_);
    return interests_;
}

std::shared_ptr<plugin::Collection> make_fake_collection(std::shared_ptr<FakeMachine> machine,
                                                         const std::string& name,
                                                         std::uint32_t schema_version) {
    return std::make_shared<FakeCollection>(std::move(machine), name, schema_version);
}

}  // namespace evenkeel::test
