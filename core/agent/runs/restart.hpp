#pragma once

namespace evenkeel::agent {

class Journal;
struct InboxCommand;

// What a restart does with the commands that the last process left in the inbox. Descriptions are
// applied again, because a plugin changes only what differs from them. An action is not run again:
// it may have had its effect already, and running it twice may do harm. [loop]
enum class RestartDecision {
    keep,       // it is finished: its id is kept, to recognise it when it is sent again
    run,        // it has not begun, or it may be repeated
    interrupt,  // an action that had begun
};
RestartDecision decide_at_restart(const InboxCommand& command);

// Ends the command as `interrupted`. The outcome is an event to the orchestrator; the client of a
// local command has gone, so that one is dropped.
void commit_interrupted(Journal& journal, const InboxCommand& command);

}  // namespace evenkeel::agent
