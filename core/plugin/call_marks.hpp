#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace evenkeel::plugin {

// Records the plugin call of a thread, so that the next process knows in which call the last one
// ended. It is a small mapped file: that survives the end of the process without a sync for each
// call, and it does not survive a power cut, which no plugin causes. [lane]
class CallMark {
  public:
    // Maps the file at `path`, made when missing. `plugin`, "files 0.1.0", is cut at 100 bytes.
    static Result<std::shared_ptr<CallMark>> open(const std::string& path, std::string_view plugin);
    ~CallMark();
    CallMark(const CallMark&) = delete;
    CallMark& operator=(const CallMark&) = delete;

    // `what` is one line: "apply of /etc/motd"; it is cut at 400 bytes.
    void begin(std::string_view what);
    void end();
    // Notes that the call does not come back and that the process ends for it. [any]
    void hangs();
    // Forgets a call that is still under way: the process ends in good order. [any]
    void clear();

    // From here on a crash or an exit() in a call is noted in its mark. The crash goes on; the exit
    // ends the process at once, with 1 and a line in the log.
    static void note_ends();
    // Once more after libraries were loaded: what was registered last for an exit is called first,
    // and their destructors must not run before it is noted.
    static void note_exits();

  private:
    CallMark(int fd, char* page) : fd_(fd), page_(page) {}
    int fd_;
    char* page_;
};

// A call in which a process ended.
struct LostCall {
    enum class Cause {
        outside,  // nobody knows: it was killed, or ended itself without exit()
        exit,
        crash,
        hang
    };

    std::string file;  // the name of its mark
    std::string plugin;
    std::string what;
    Cause cause = Cause::outside;
    int signal = 0;        // of a crash
    unsigned endings = 0;  // how many processes in a row ended in a call of this mark

    // A crash and a hang are the plugin's fault at once; another end only when it happens
    // repeatedly.
    bool guilty() const { return cause == Cause::crash || cause == Cause::hang || endings >= 3; }
};

// "the agent crashed with signal 11 in the apply of /etc/motd, a call of the plugin files 0.1.0"
std::string sentence_of(const LostCall& lost);

// The calls in which the last process ended, of the marks in `folder`. Where it is known who ended
// it, others that were under way are left out.
std::vector<LostCall> lost_calls(const std::string& folder);
// The same, once: counts the endings on in the marks. A mark whose call came back before the
// process ended begins to count anew.
std::vector<LostCall> take_lost_calls(const std::string& folder);

}  // namespace evenkeel::plugin
