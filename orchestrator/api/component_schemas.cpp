#include "orchestrator/api/component_schemas.hpp"

#include <string_view>
#include <utility>

#include "core/json/shape.hpp"
#include "orchestrator/api/model_schemas.hpp"
#include "orchestrator/api/pages.hpp"
#include "orchestrator/api/plan_schemas.hpp"
#include "orchestrator/api/request_bodies.hpp"
#include "orchestrator/state/rest_schemas.hpp"

namespace evenkeel::api {
namespace {

// What no struct stands for: what names an item that has left a list, fixed texts, and what
// state/event.cpp renders around an event's data without a copy of it.
constexpr std::string_view kText = R"({
  "Identity": {
    "type": "object",
    "description": "Which item of a list is not in it any more.",
    "additionalProperties": false,
    "required": ["id"],
    "properties": {"id": {"type": "string"}}
  },
  "CollectionIdentity": {
    "type": "object",
    "additionalProperties": false,
    "required": ["host", "collection"],
    "properties": {"host": {"type": "string"}, "collection": {"type": "string"}}
  },
  "ResourceIdentity": {
    "type": "object",
    "additionalProperties": false,
    "required": ["host", "collection", "id"],
    "properties": {
      "host": {"type": "string"}, "collection": {"type": "string"}, "id": {"type": "string"}
    }
  },
  "FleetApplied": {
    "type": "object",
    "description": "What has become of one FILE for many hosts.",
    "additionalProperties": false,
    "required": ["request_id", "hosts", "commands", "refused_count", "refused"],
    "properties": {
      "request_id": {
        "type": "string", "description": "The commands have it: filter /v1/commands by it."
      },
      "hosts": {"type": "integer", "description": "How many are meant."},
      "commands": {
        "type": "object",
        "description": "How many of their commands are in which state.",
        "additionalProperties": {"type": "integer"}
      },
      "refused_count": {"type": "integer", "description": "Hosts for which nothing was stored."},
      "refused": {
        "type": "array",
        "description": "The first 100 of them, and why.",
        "items": {
          "type": "object",
          "additionalProperties": false,
          "required": ["host", "code", "detail"],
          "properties": {
            "host": {"type": "string"}, "code": {"type": "string"}, "detail": {"type": "string"}
          }
        }
      }
    }
  },
  "Bookmark": {
    "type": "object",
    "description": "Everything up to this revision is told; its id is where to go on.",
    "additionalProperties": false,
    "required": ["revision", "initial_end"],
    "properties": {"revision": {"type": "integer"}, "initial_end": {"type": "boolean"}}
  },
  "Event": {
    "type": "object",
    "required": ["specversion", "source", "type", "time", "data"],
    "properties": {
      "specversion": {"const": "1.0"}, "id": {"type": "string"}, "source": {"type": "string"},
      "type": {"type": "string"}, "subject": {"type": "string"},
      "time": {
        "type": "string",
        "description": "When it happened, by the clock of its host; never later than now."
      },
      "recordedtime": {
        "type": "string",
        "description": "When the orchestrator stored it. Not there in one that is not stored."
      },
      "datacontenttype": {"type": "string"}, "data": {"type": "object"}
    }
  },
  "StreamEnd": {
    "type": "object",
    "description": "The last word of a stream that the server ends: this reader was too slow.",
    "required": ["code"],
    "properties": {"code": {"const": "slow-consumer"}}
  },
  "ProblemKind": {
    "type": "object",
    "additionalProperties": false,
    "required": ["type", "code", "status", "title"],
    "properties": {
      "type": {"type": "string"}, "code": {"type": "string"},
      "status": {"type": "integer"}, "title": {"type": "string"}
    }
  },
  "Alive": {"type": "object", "properties": {"alive": {"type": "boolean"}}},
  "Ready": {
    "type": "object",
    "properties": {
      "ready": {"type": "boolean"},
      "checks": {"type": "object", "additionalProperties": {"enum": ["ok", "full", "failing"]}}
    }
  },
  "Ca": {
    "type": "object",
    "additionalProperties": false,
    "required": ["sha256", "address"],
    "properties": {"sha256": {"type": "string"}, "address": {"type": "string"}}
  },
  "Version": {
    "type": "object",
    "properties": {
      "version": {"type": "string"}, "api": {"type": "string"},
      "bus_protocol": {"type": "object"}
    }
  }
})";

json::Object list_schemas() {
    const json::Value end = json::reference_to("AuditEnd");
    return {
        {"HostList", list_schema("Host")},
        {"CollectionList", list_schema("Collection")},
        {"ResourceList", list_schema("Resource")},
        {"FormerDescriptionList", list_schema("FormerDescription")},
        {"CommandList", list_schema("Command")},
        {"ComplianceList",
         list_schema("Verdict", json::Object{{"counts", json::reference_to("Counts")}})},
        {"EnrolmentTokenList", list_schema("EnrolmentToken")},
        {"EnrolmentList", list_schema("Enrolment")},
        {"TokenList", list_schema("Token")},
        {"AuditList", list_schema("AuditRecord", json::Object{{"head", end}, {"anchor", end}})}};
}

}  // namespace

Result<json::Object> component_schemas() {
    json::Value text = EK_TRY(json::parse(kText));
    json::Object all = state::rest_schemas();
    const json::Object model = EK_TRY(model_schemas());
    const json::Object plan = EK_TRY(plan_schemas());
    for (const json::Object& part :
         {text.as_object(), list_schemas(), request_schemas(), model, plan}) {
        for (const auto& [name, schema] : part) all.append(name, schema);
    }
    return all;
}

}  // namespace evenkeel::api
