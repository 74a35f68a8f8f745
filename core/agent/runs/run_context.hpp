#pragma once

#include <memory>

namespace evenkeel::agent {

class AgentStore;
class Catalog;
class Checker;
class CollectionRegistry;
class ComplianceTracker;
class Journal;
class NotificationScheduler;
class RepairScheduler;
class RunCommit;
class RunQueue;

// The parts of the agent that runs work with. All of them outlive every run. [loop]
struct RunContext {
    Catalog& catalog;
    CollectionRegistry& registry;
    Journal& journal;
    Checker& checker;
    ComplianceTracker& tracker;
    RepairScheduler& repairs;
    NotificationScheduler& notifications;
    RunQueue& queue;
    RunCommit& commits;
    std::shared_ptr<const AgentStore> store;  // shared with lanes, which may be left behind
};

}  // namespace evenkeel::agent
