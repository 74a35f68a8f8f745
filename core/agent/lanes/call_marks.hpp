#pragma once

#include <memory>
#include <vector>

#include "core/base/result.hpp"

namespace evenkeel::agent {

// Records the plugin call of a lane, so that the next process knows in which call the last one
// ended. It is a small mapped file: that survives the end of the process without a sync for each
// call, and it does not survive a power cut, which no plugin causes. [lane]
class CallMark {
  public:
    // Maps the file at `path`, made when missing.
    static Result<std::shared_ptr<CallMark>> open(const std::string& path);
    ~CallMark();
    CallMark(const CallMark&) = delete;
    CallMark& operator=(const CallMark&) = delete;

    // `what` is one line: "apply of /etc/motd"; it is cut at 400 bytes.
    void begin(std::string_view what);
    void end();
    // Forgets a call that is still under way: the process ends in good order. [any]
    void clear();

    // Installs handlers for the signals of a crash. They note the signal in the mark of the call
    // that runs on the crashing thread and let the crash go on.
    static void note_crashes();

  private:
    CallMark(int fd, char* page) : fd_(fd), page_(page) {}
    int fd_;
    char* page_;
};

// A call in which the last process ended.
struct LostCall {
    std::string collection;
    std::string what;
    int signal = 0;        // of a crash in the call; 0: the process was ended from outside
    unsigned endings = 0;  // how many processes in a row ended in a call of this collection
    // A crash is the plugin's fault at once; an end from outside only when it happens repeatedly.
    bool guilty() const { return signal != 0 || endings >= 3; }
};

// Reads the marks in `folder`, a file for each lane of a collection (its name, and "+" behind that
// of a second lane), and counts the endings on in the files.
std::vector<LostCall> take_lost_calls(const std::string& folder);

}  // namespace evenkeel::agent
