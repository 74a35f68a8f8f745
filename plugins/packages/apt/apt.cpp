#include "plugins/packages/apt/apt.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <poll.h>

#include "plugins/packages/apt/candidates.hpp"
#include "plugins/packages/apt/database.hpp"
#include "plugins/packages/apt/messages.hpp"
#include "plugins/packages/apt/rehearsal.hpp"
#include "plugins/packages/apt/transaction.hpp"
#include "plugins/packages/apt/watch.hpp"

namespace evenkeel::packages {

namespace {

using Words = std::vector<std::string>;

constexpr int kRetryMs = 200;

// The reports on descriptor 3 are for a real run only.
Words apt_get(const Words& more) {
    Words words = {"/usr/bin/apt-get", "-q", "-y", "-o", "Dpkg::Options::=--force-confdef", "-o",
                   "Dpkg::Options::=--force-confold", "-o", "Dpkg::Use-Pty=0",
                   // We wait for the locks ourselves, where a call can be cancelled.
                   "-o", "DPkg::Lock::Timeout=0", "-o", "APT::Get::AutomaticRemove=false"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

Words reporting(Words words) {
    words.insert(words.begin() + 1, {"-o", "APT::Status-Fd=3"});
    return words;
}

// Writes nothing, neither a cache nor the log of how it came to its answer.
Words simulated(Words words) {
    words.insert(words.begin() + 1,
                 {"--simulate", "-o", "Dir::Log::Planner=", "-o", "Dir::Cache::pkgcache="});
    return words;
}

class Apt : public Backend {
  public:
    explicit Apt(std::string folder)
        : folder_(std::move(folder)), database_(folder_), transactions_(folder_) {}

    void require_canonical(std::string_view id) override {
        database_.refresh();
        const std::string canonical = database_.canonical(id);
        if (canonical != id)
            throw sdk::Failure(EK_E_INVALID,
                               "the canonical id of " + std::string(id) + " is " + canonical);
    }

    std::optional<Package> find(std::string_view id) override {
        database_.refresh();
        return database_.package(std::string(id));
    }

    std::vector<Package> all() override {
        database_.refresh();
        return database_.packages();
    }

    std::vector<Available> available(const sdk::Call& call, const Words& ids) override {
        database_.refresh();
        const auto offers = candidates_.offers(call, ids);
        const bool stale = Candidates::stale();
        std::vector<Available> all;
        for (std::size_t at = 0; at < ids.size(); ++at) {
            const auto package = database_.package(ids[at]);
            all.push_back(
                {choose(offers[at], package ? std::optional(package->version) : std::nullopt),
                 stale});
        }
        return all;
    }

    void rehearse_install(const sdk::Call& call, const std::string& id,
                          const std::string& version) override {
        const Rehearsal rehearsal =
            rehearse(call, install_words(id, version), "install " + id + " " + version);
        for (const std::string& other : rehearsal.installed) {
            const auto entry = database_.entry(database_.canonical(other));
            if (entry && entry->present() && entry->want == "hold" && other != id)
                throw sdk::Failure(EK_E_CONFLICT, "to install " + id + " " + version +
                                                      " would change " + other +
                                                      ", which is on hold");
        }
    }

    void rehearse_remove(const sdk::Call& call, const std::string& id) override {
        const Rehearsal rehearsal = rehearse(call, remove_words(id), "remove " + id);
        std::string others;
        for (const std::string& other : rehearsal.removed)
            if (database_.canonical(other) != id) others += (others.empty() ? "" : ", ") + other;
        if (!others.empty())
            throw sdk::Failure(EK_E_CONFLICT, "without " + id + " these would go too: " + others)
                .hint("describe them as absent first");
    }

    void install(const sdk::Call& call, const std::string& id,
                 const std::string& version) override {
        finish_interrupted(call);
        const bool held = is_held(id);
        const Ran ran = change(call, reporting(install_words(id, version)), true);
        auto now = find(id);
        // apt takes a package that it changes off its hold.
        if (held && now && !now->hold) {
            set_hold(call, id, true);
            now = find(id);
        }
        if (!now || now->version != version || !now->sound())
            throw failure_in(ran.output, "install " + id + " " + version);
        note_trouble(call, ran);
    }

    void remove(const sdk::Call& call, const std::string& id) override {
        finish_interrupted(call);
        const Ran ran = change(call, reporting(remove_words(id)), true);
        if (find(id)) throw failure_in(ran.output, "remove " + id);
        note_trouble(call, ran);
    }

    void heal(const sdk::Call& call, const std::string& id) override {
        Ran ran = configure_all(call);
        auto now = find(id);
        if (now && now->condition == "half-installed") {
            Words words = install_words(id, now->version);
            words.insert(words.end() - 2, "--reinstall");
            ran = change(call, reporting(std::move(words)), true);
            now = find(id);
        }
        if (!now || !now->sound()) throw failure_in(ran.output, "finish installing " + id);
        note_trouble(call, ran);
    }

    void set_hold(const sdk::Call& call, const std::string& id, bool hold) override {
        const Ran ran =
            change(call, {"/usr/bin/apt-mark", hold ? "hold" : "unhold", "--", id}, false);
        const auto now = find(id);
        if (!now || now->hold != hold)
            throw failure_in(ran.output, (hold ? "hold " : "unhold ") + id);
    }

    std::unique_ptr<Watcher> watch(const sdk::WatchHost& host) override {
        return std::make_unique<AptWatch>(host, folder_);
    }

  private:
    // Others are neither removed nor, as the rehearsal has made sure, taken off their hold.
    Words install_words(const std::string& id, const std::string& version) const {
        Words more = {"--no-remove", "--allow-downgrades"};
        if (is_held(id)) more.push_back("--allow-change-held-packages");
        more.insert(more.end(), {"install", "--", id + "=" + version});
        return apt_get(more);
    }
    Words remove_words(const std::string& id) const {
        Words more;
        if (is_held(id)) more.push_back("--allow-change-held-packages");
        more.insert(more.end(), {"remove", "--", id});
        return apt_get(more);
    }
    bool is_held(const std::string& id) const {
        const auto entry = database_.entry(id);
        return entry && entry->want == "hold";
    }

    Rehearsal rehearse(const sdk::Call& call, const Words& words, const std::string& doing) {
        const Ran ran = run_reader(call, simulated(words));
        if (ran.status != 0) throw failure_in(ran.output, doing);
        return parse_rehearsal(ran.output);
    }

    // Waits again when another one was quicker to take the lock.
    Ran change(const sdk::Call& call, const Words& words, bool reports) {
        while (true) {
            Ran ran = transactions_.run(call, words, reports);
            if (ran.status == 0) return ran;
            const sdk::Failure failure = failure_in(ran.output, "change packages");
            if (failure.status() != EK_E_BUSY) return ran;
            if (call.deadline_ns() != 0 &&
                sdk::now_ns() + 2u * kRetryMs * 1'000'000u >= call.deadline_ns())
                throw failure;
            pollfd cancel{call.cancel_fd(), POLLIN, 0};
            if (::poll(&cancel, 1, kRetryMs) > 0) call.check();
        }
    }

    Ran configure_all(const sdk::Call& call) {
        return change(call,
                      {"/usr/bin/dpkg", "--force-confdef", "--force-confold", "--configure", "-a"},
                      false);
    }

    // apt-get does nothing before this is done. Whether all went well is for the transaction that
    // follows to find out: what failed here need not concern its package.
    void finish_interrupted(const sdk::Call& call) {
        database_.refresh();
        if (database_.interrupted()) configure_all(call);
    }

    // The package asked for is in order, and something else is not.
    static void note_trouble(const sdk::Call& call, const Ran& ran) {
        if (ran.status == 0) return;
        const sdk::Failure failure = failure_in(ran.output, "leave all packages in order");
        call.note(EK_SEV_WARNING, "", failure.what());
    }

    std::string folder_;
    Database database_;
    Candidates candidates_;
    Transactions transactions_;
};

}  // namespace

std::unique_ptr<Backend> make_apt(const std::string& folder) {
    return std::make_unique<Apt>(folder);
}

}  // namespace evenkeel::packages
