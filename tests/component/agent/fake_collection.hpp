#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "core/plugin/collection.hpp"

namespace evenkeel::test {

// A machine of notes: each id has an object of fields. Lanes and tests touch it from their threads.
class FakeMachine {
  public:
    void set(const std::string& id, json::Object state);
    void erase(const std::string& id);
    json::Value get(const std::string& id) const;  // null when absent
    // The same as somebody else would do it: with a hint to the watch.
    void tamper(const std::string& id, json::Object state);
    void vanish(const std::string& id);
    void hint(const std::string& id, plugin::Hint hint = plugin::Hint::changed);
    // Somebody is half done.
    void begin_to_tamper(const std::string& id, json::Object state);

    int applies() const;
    int reads() const;
    // The collection may be called in parallel. To be said before the agent starts.
    void allow_parallel();
    // From now on the collection batches; each call of apply_many with the ids in it.
    void batch();
    std::vector<std::vector<std::string>> batches() const;
    std::set<std::string> watched() const;
    // So many watches cannot be opened.
    void fail_watches(int times);
    // It is not opened so often; how often that was tried.
    void fail_opens(int times, Errc code);
    int opens() const;
    // What was done, in order: "apply ID", "remove ID", "shout ID". Only what changed something.
    std::vector<std::string> apply_results() const;

    // Calls of "open", "apply", "read", "remove", "invoke", "upgrade", or what is behind an apply
    // ("applied"), stay until let_go().
    void hang_in(const std::string& call);
    bool hangs_in(const std::string& call) const;  // whether one does so now
    void let_go();
    // Runs on the lane after each read, before what was read is told; empty: nothing does.
    void after_reads(std::function<void()> work);
    void fail_applies(std::optional<Error> error);
    void fail_apply_of(const std::string& id, std::optional<Error> error);
    void fail_invokes(std::optional<Error> error);
    // What each apply and plan warns of.
    void warn(std::vector<std::string> notes);

  private:
    friend class FakeCollection;
    friend class FakeWatch;
    void pass(const std::string& call);

    mutable std::mutex mutex_;
    std::condition_variable gone_on_;
    std::map<std::string, json::Value> drafts_;
    std::set<std::string> interests_;
    std::set<std::string> hanging_;
    std::multiset<std::string> hung_;  // calls that hang now
    std::function<void()> after_read_;
    plugin::OnHint on_hint_;
    std::optional<Error> apply_error_;
    std::optional<Error> invoke_error_;
    std::vector<std::string> notes_;
    std::map<std::string, Error> apply_errors_;
    std::vector<std::string> deeds_;
    bool batching_ = false;
    bool parallel_ = false;
    std::vector<std::vector<std::string>> batches_;
    int failing_watches_ = 0;
    int opens_ = 0, failing_opens_ = 0;
    Errc open_error_ = Errc::unavailable;
    int applies_ = 0;
    int reads_ = 0;
};

// The collection `name` over a FakeMachine: ids are words, fields are compared as they are, and
// "secret" is sensitive. An upgrade notes the version from which it came in "color".
std::shared_ptr<plugin::Collection> make_fake_collection(std::shared_ptr<FakeMachine> machine,
                                                         const std::string& name = "notes",
                                                         std::uint32_t schema_version = 1);

}  // namespace evenkeel::test
