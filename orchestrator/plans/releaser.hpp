#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/run/lane.hpp"
#include "core/run/loop.hpp"

namespace evenkeel::secrets {
class Protector;
}
namespace evenkeel::state {
class SchemaCache;
class State;
struct Changes;
}  // namespace evenkeel::state

namespace evenkeel::plans {

class ModelIndex;
struct Batch;
struct Shared;
enum class Released;

// Brings to hosts what they shall have. The hosts that are to be compiled stand in the
// store (state::ToCompile), written in the transaction of what made it necessary; each is compiled
// off the loop, and what differs becomes commands in one transaction with the end of its entry. A
// host that does not compile keeps what it has. [loop]
class Releaser {
  public:
    struct Options {
        run::Loop& loop;
        state::State& state;
        const secrets::Protector& protector;
        const state::SchemaCache& schemas;
        // The model as it is committed.
        std::function<std::shared_ptr<const ModelIndex>()> index;
        // Told of each host whose release is about to be committed.
        std::function<void(const std::string& host)> submitted = {};
        // Told when what is held of hosts may be another than before.
        std::function<void()> held = {};
    };

    explicit Releaser(Options options);
    ~Releaser();

    // Looks for hosts to compile; to be called at the start.
    void look();
    void follow(const state::Changes& changes);
    // Ends the thread that compiles. Nothing is released any more.
    void stop();

    // Hosts that were compiled for release since the start.
    std::uint64_t compiled() const { return compiled_; }
    // How often all hosts were read for rules about peers, since the start.
    std::uint64_t peers_read() const { return peers_read_; }

  private:
    void begin();
    void carry_out(const std::shared_ptr<Batch>& batch);
    void submit(const std::shared_ptr<Batch>& batch, std::size_t number);
    void end_release(const std::shared_ptr<Batch>& batch, std::size_t number,
                     const Result<void>& committed, Released released);
    void refuse(const std::shared_ptr<Batch>& batch, std::size_t number, const Error& error);
    void mark_others(const std::shared_ptr<Batch>& batch);
    void submit_all(const std::shared_ptr<Batch>& batch);
    void retry_later();
    void done(const std::shared_ptr<Batch>& batch);

    Options options_;
    run::Lane lane_;
    bool is_busy_ = false;
    bool is_asked_again_ = false;
    std::uint64_t compiled_ = 0;
    std::uint64_t peers_read_ = 0;
    std::shared_ptr<std::atomic<bool>> stops_ = std::make_shared<std::atomic<bool>>(false);
    std::shared_ptr<Shared> shared_;  // of the thread that compiles; keeps to stops_
    // Ids of hosts to compile with which nothing can be done until something of them changes.
    std::set<std::string> waiting_;
    std::set<std::string> refused_once_;  // to be compiled once more before it is told
    run::Timer retry_;
    // The loop's handlers that outlive this find it gone.
    std::shared_ptr<bool> is_there_ = std::make_shared<bool>(true);
};

}  // namespace evenkeel::plans
