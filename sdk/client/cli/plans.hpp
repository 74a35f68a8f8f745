#pragma once

#include <string>
#include <vector>

#include "sdk/client/cli/commands.hpp"
#include "sdk/client/cli/manifests/changes.hpp"

// Plans, and folders of manifests, of which plans are made.
namespace evenkeel::cli {

// How a plan is applied.
struct PlanApplyOptions {
    bool yes = false;  // without asking
    std::chrono::milliseconds wait = kWaitUnasked;
    bool wait_asked = false;  // by --wait: for hosts that are not connected too
    // Hosts that are not connected are no failure: they get it when they come back.
    bool allows_unreachable = false;
    // Nor are those that do not compile: they keep what they have.
    bool allows_errors = false;
};

struct FolderOptions : PlanApplyOptions {
    std::vector<std::string> files;            // sources as read_manifests takes them
    std::vector<std::string> allowed_folders;  // from which they may name files
    SourceOptions source;
    bool live = false;       // connected hosts are asked what would be done
    bool exit_code = false;  // Exit::pending when there are changes
};
// Makes a plan of what differs, and shows it.
Exit plan_folder(Session& session, const FolderOptions& options);
// The same, asks, applies it and follows it.
Exit apply_folder(Session& session, const FolderOptions& options);
// What differs between the folder and the orchestrator's objects.
Exit diff_folder(Session& session, const FolderOptions& options);

struct ExportOptions {
    std::string folder;
    bool force = false;  // also into a folder that is not empty
};
Exit export_folder(Session& session, const ExportOptions& options);

struct PlanOptions : PlanApplyOptions {
    std::string id;
    std::string host;  // only what becomes of this one
};
struct PlanListOptions {
    client::ListQuery query;
    bool watch = false;
    std::string id;  // of one; empty: all
    std::string state;
};
Exit get_plans(Session& session, const PlanListOptions& options);
Exit describe_plan(Session& session, const PlanOptions& options);
Exit approve_plan(Session& session, const PlanOptions& options);
Exit reject_plan(Session& session, const PlanOptions& options);
Exit apply_plan(Session& session, const PlanOptions& options);

}  // namespace evenkeel::cli
