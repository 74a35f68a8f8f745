#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "sdk/client/cli/session.hpp"

// The commands of ek: each does its work over the session and answers with the exit code. What a
// struct holds is what the command line gave.
namespace evenkeel::cli {

struct GetOptions {
    client::ListQuery query;
    bool watch = false;  // go on with what becomes of the list
    std::string name;    // of one; empty: all
    std::string id;      // resources only
    HostChoice hosts;
    std::string state;      // of commands; of resources the verdict
    std::size_t limit = 0;  // commands only; 0: all
};
Exit get_hosts(Session& session, const GetOptions& options);
Exit get_commands(Session& session, const GetOptions& options);
Exit get_collections(Session& session, const GetOptions& options);
Exit get_resources(Session& session, const GetOptions& options);

struct DescribeOptions {
    std::string name;  // host, command or collection
    std::string id;    // resource
    HostChoice host;   // must mean one
    bool live = false;
};
Exit describe_host(Session& session, const DescribeOptions& options);
Exit describe_command(Session& session, const DescribeOptions& options);
Exit describe_collection(Session& session, const DescribeOptions& options);
Exit describe_resource(Session& session, const DescribeOptions& options);

// How long to wait for commands to finish; 0: not at all.
inline constexpr std::chrono::seconds kWaitUnasked{60};
struct ChangeOptions {
    HostChoice hosts;
    std::chrono::milliseconds wait = kWaitUnasked;
    bool dry_run = false;
    bool overrides = false;  // by --override: what assignments own, too
    // Idempotency-Key, with "/HOST" behind it where each host has a request; empty: made by the
    // client.
    std::string key;
    bool exit_code = false;     // Exit::pending when a dry run shows changes
    bool plan_only = false;     // an open plan is made, for somebody else to approve
    bool changed_only = false;  // shows no resource that stays as it is
    bool wait_asked = false;    // by --wait: for hosts that are not connected too
};
struct ApplyOptions : ChangeOptions {
    std::string target;  // instead of `hosts`: a filter of the list of hosts, for one request
    std::vector<std::string> files;  // sources as read_resource_files takes them
};
struct ResourceOptions : ChangeOptions {
    std::string collection;
    std::string id;
};
Exit apply(Session& session, const ApplyOptions& options);
Exit delete_resource(Session& session, const ResourceOptions& options);
// Every resource of the files, each before those that it requires.
Exit delete_files(Session& session, const ApplyOptions& options);
Exit forget_files(Session& session, const ApplyOptions& options);
Exit forget_resource(Session& session, const ResourceOptions& options);

struct InvokeOptions : ResourceOptions {
    std::string action;
    std::string arguments;  // JSON, or empty
};
Exit invoke(Session& session, const InvokeOptions& options);

struct HistoryOptions : ResourceOptions {
    std::string host;
};
// What the resource was described as, the newest first.
Exit history(Session& session, const HistoryOptions& options);

struct RollbackOptions : ResourceOptions {
    std::uint64_t revision = 0;  // of the history; 0: the one before the present one
};
Exit rollback(Session& session, const RollbackOptions& options);

struct EditOptions : ResourceOptions {};
// Opens the description in the user's editor and puts what became of it.
Exit edit(Session& session, const EditOptions& options);

struct ExplainOptions {
    std::string path;  // COLLECTION or COLLECTION.FIELD
    HostChoice hosts;  // which to ask; empty: all
};
Exit explain(Session& session, const ExplainOptions& options);

struct WaitOptions {
    std::string target;                   // host/NAME or command/ID
    std::vector<std::string> conditions;  // connection=online, ...: all of them
    std::chrono::milliseconds timeout{60'000};
};
Exit wait(Session& session, const WaitOptions& options);

struct EventOptions {
    HostChoice hosts;
    std::string type;
    std::string since;  // as the API takes it: an id, a time, or how long ago
    bool follow = false;
    std::chrono::milliseconds timeout{30'000};  // without an event or the end of what is kept
};
Exit events(Session& session, const EventOptions& options);

struct ComplianceOptions {
    client::ListQuery query;
    bool watch = false;
    HostChoice hosts;
    std::string collection;
    std::string status;
};
Exit compliance(Session& session, const ComplianceOptions& options);

struct ApiOptions {
    std::string method;
    std::string path;
    std::string data;                  // "@FILE", "@-" or the text itself
    std::vector<std::string> headers;  // "Name: value"
    bool include = false;              // status and headers on standard error
};
Exit api(Session& session, const ApiOptions& options);

enum class ObjectKind;
struct ObjectQuery {
    client::ListQuery query;
    bool watch = false;
    std::string scope;  // of settings, or the application of versions; empty: all
    std::string name;   // of one: name, key, version; empty: all
};
Exit get_environments(Session& session, const ObjectQuery& options);
Exit get_settings(Session& session, const ObjectQuery& options);
Exit get_applications(Session& session, const ObjectQuery& options);
Exit get_versions(Session& session, const ObjectQuery& options);
Exit get_assignments(Session& session, const ObjectQuery& options);

// What changes the model, and by that hosts.
struct ModelChangeOptions {
    std::chrono::milliseconds wait = kWaitUnasked;  // for the hosts; 0: not at all
    bool wait_asked = false;  // by --wait: for hosts that are not connected too
    bool dry_run = false;
    bool plan_only = false;      // an open plan is made, for somebody else to approve
    bool allows_errors = false;  // hosts that would not compile any more keep what they have
    std::string key;             // Idempotency-Key; empty: made by the client
};
// Of an environment, a setting, an application or an assignment.
struct ObjectOptions : ModelChangeOptions {
    ObjectKind kind{};
    std::string scope;  // of a setting
    std::string name;   // of a setting its key
};
Exit describe_object(Session& session, const ObjectOptions& options);
Exit edit_object(Session& session, const ObjectOptions& options);
Exit delete_object(Session& session, const ObjectOptions& options);

struct NewEnvironmentOptions {
    std::string name;
    std::string note;
    bool is_protected = false;
};
// One that is there already is left as it is, and that fails.
Exit create_environment(Session& session, const NewEnvironmentOptions& options);

struct SettingOptions : ObjectOptions {
    std::optional<std::string> value;
    std::string file;  // of the value, "-" is standard input
    bool is_secret = false;
    enum class As { guessed, text, json } as = As::guessed;
    std::vector<std::string> link;  // scope and key, or empty
    std::string host;               // whose settings are explained
    std::string assignment;         // as whose application sees them; empty: any
};
Exit set_setting(Session& session, const SettingOptions& options);
// Where the host's value of a key comes from, and what it outweighs; of all keys without a name.
Exit explain_setting(Session& session, const SettingOptions& options);
// Where the scope's value of the key counts.
Exit impact(Session& session, const ObjectOptions& options);

struct RenderOptions {
    std::string host;
    std::string collection;  // empty: all
    std::string id;          // of one; empty: all
};
// What the host shall have, compiled now.
Exit render_host(Session& session, const RenderOptions& options);

struct NewApplicationOptions {
    std::string name;
};
// Makes a folder with manifests that work.
Exit new_application(Session& session, const NewApplicationOptions& options);

struct PlaceOptions : ModelChangeOptions {
    std::string host;
    std::string environment;          // empty: where it is
    std::vector<std::string> labels;  // name=value sets, name- takes away
};
Exit place_host(Session& session, const PlaceOptions& options);

struct ManageOptions {
    std::string name;
    std::string new_name;
    int uses = 1;
    std::string replaces;
    std::string environment;
    std::string expires_in = "1h";
    std::vector<std::string> labels;  // "name=value"
};
Exit rename_host(Session& session, const ManageOptions& options);
// `environment` and `labels` are not used.
Exit retire_host(Session& session, const PlaceOptions& options);
// Of a retired host.
Exit release_name(Session& session, const ManageOptions& options);
Exit cancel_command(Session& session, const ManageOptions& options);
Exit create_enrolment_token(Session& session, const ManageOptions& options);

Exit get_ca(Session& session, const ManageOptions& options);

struct TokenOptions {
    client::ListQuery query;
    std::string id;  // of one; empty: all
    std::string name;
    std::string role;
    std::string expires_in;  // empty: the API's default
    std::string out;         // a new file for the secret, 0600; empty: standard output
};
Exit get_tokens(Session& session, const TokenOptions& options);
Exit create_token(Session& session, const TokenOptions& options);
Exit revoke_token(Session& session, const TokenOptions& options);
Exit get_enrolment_tokens(Session& session, const TokenOptions& options);
Exit approve_enrolment_token(Session& session, const TokenOptions& options);
Exit revoke_enrolment_token(Session& session, const TokenOptions& options);

struct EnrolmentOptions {
    client::ListQuery query;
    bool watch = false;
    std::string id;  // of one; empty: all
    std::string state;
    std::string name;
    std::vector<std::string> labels;  // "name=value"
};
Exit get_enrolments(Session& session, const EnrolmentOptions& options);
Exit accept_enrolment(Session& session, const EnrolmentOptions& options);
Exit reject_enrolment(Session& session, const EnrolmentOptions& options);

struct AuditOptions {
    std::string since;  // a time, or how long ago: "7d"
    std::string filter;
    std::size_t limit = 100;  // the newest so many
    bool verify = false;      // walk over the whole chain
    std::string head;         // a file that pins the chain's end, written after a verify
};
// The code of the failure when the pinned record went by a restore from a backup.
inline constexpr const char* kRestored = "restored";
Exit audit(Session& session, const AuditOptions& options);

struct VersionOptions {
    bool client = false;  // without asking the orchestrator
};
Exit version(Session& session, const VersionOptions& options);

Exit context_add(Session& session, const std::string& name);
Exit context_use(Session& session, const std::string& name);
Exit context_remove(Session& session, const std::string& name);
Exit context_list(Session& session);
Exit context_show(Session& session, const std::string& name);

}  // namespace evenkeel::cli
