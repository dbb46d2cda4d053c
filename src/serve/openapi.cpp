#include "serve/openapi.hpp"

#include <fmt/format.h>

#include <set>

#include "serve/openapi_schemas.hpp"
#include "serve/routes.hpp"

namespace cms::serve {
namespace {

using Json = nlohmann::ordered_json;

std::string lower(std::string_view text) {
  std::string result(text);
  for (auto& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

Json schema_of(std::string_view name) {
  return {{"$ref", fmt::format("#/components/schemas/{}", name)}};
}

Json parameters_of(const Route& route) {
  Json list = Json::array();
  const auto in_path = [&](const char* name, const Json& schema) {
    if (route.path.find(fmt::format("{{{}}}", name)) == std::string_view::npos) return;
    list.push_back({{"name", name}, {"in", "path"}, {"required", true}, {"schema", schema}});
  };
  in_path("tenant", {{"type", "string"}, {"pattern", "^[a-z0-9-]{1,64}$"}});
  in_path("account", {{"type", "string"}, {"minLength", 1}, {"maxLength", 256},
                      {"description", "1 to 256 bytes of UTF-8, percent-encoded"}});
  in_path("file", {{"type", "string"}});
  in_path("campaign", {{"type", "string"}, {"pattern", "^[0-9a-f]{16}$"}});
  for (const auto& one : route.parameters) {
    list.push_back({{"name", one.name}, {"in", one.in}, {"required", one.required}, {"description", one.about},
                    {"schema", Json::parse(one.schema)}});
  }
  return list;
}

Json body_of(const Route& route) {
  Json content = Json::object();
  for (const auto type : route.body_types) {
    const bool is_json = type == "application/json";
    const bool is_lines = type.find("json") != std::string_view::npos;
    const Json bytes = is_lines ? Json{{"type", "string"}} : Json{{"type", "string"}, {"format", "binary"}};
    content[std::string(type)] = {{"schema", is_json ? schema_of(route.body_schema) : bytes}};
  }
  return {{"required", true}, {"content", content}};
}

// Every status that a route can answer with, those of dispatch included.
std::set<unsigned> error_statuses(const Route& route) {
  std::set<unsigned> statuses{400, 405, 431, 503};
  for (const auto one : route.problems) statuses.insert(info(one).status);
  if (route.access != Access::everyone) statuses.insert({401, 403, 429});
  if (route.path.find('{') != std::string_view::npos || route.id == "getEvents") statuses.insert(404);
  if (!route.type.empty()) statuses.insert(406);
  statuses.insert(413);
  if (!route.body_types.empty()) statuses.insert(415);
  return statuses;
}

Json responses_of(const Route& route) {
  Json responses = Json::object();
  Json success{{"description", route.about}};
  if (!route.type.empty()) {
    Json media = Json::object();
    if (!route.schema.empty()) media["schema"] = schema_of(route.schema);
    success["content"] = {{std::string(route.type), media}};
  }
  responses[std::to_string(route.status)] = success;
  for (const auto& one : route.parameters) {
    if (one.name == "If-None-Match") responses["304"] = {{"description", "What the caller has is current"}};
  }
  for (const auto status : error_statuses(route)) {
    responses[std::to_string(status)] = {
        {"description", "Problem details; the type says which, see docs/api.md"},
        {"content", {{"application/problem+json", {{"schema", schema_of("Problem")}}}}}};
  }
  return responses;
}

Json operation_of(const Route& route) {
  Json roles = Json::array();
  for (const auto role : {Role::tap, Role::reader, Role::analyst, Role::admin}) {
    if (has(route.roles, role)) roles.push_back(name(role));
  }
  Json operation;
  operation["operationId"] = route.id;
  operation["summary"] = route.about;
  operation["x-roles"] = roles;
  if (route.access == Access::all_tenants) operation["x-all-tenants"] = true;
  operation["parameters"] = parameters_of(route);
  if (!route.body_types.empty()) operation["requestBody"] = body_of(route);
  operation["responses"] = responses_of(route);
  if (route.access == Access::everyone) operation["security"] = Json::array();
  return operation;
}

Json make() {
  Json document;
  document["openapi"] = "3.1.0";
  document["info"] = {{"title", "CMS"}, {"version", "1"},
                      {"description", "Capability Manifold Surveillance: for the operator's own systems. Nothing of it "
                                      "may be passed on to the accounts it speaks of."}};
  document["security"] = Json::array({{{"bearer", Json::array()}}, {{"certificate", Json::array()}}});
  Json paths = Json::object();
  for (const auto& route : routes()) paths[std::string(route.path)][lower(name(route.method))] = operation_of(route);
  document["paths"] = paths;
  document["components"] = {
      {"schemas", openapi_schemas()},
      {"securitySchemes", {{"bearer", {{"type", "http"}, {"scheme", "bearer"}}},
                           {"certificate", {{"type", "mutualTLS"}}}}}};
  return document;
}

}  // namespace

const Json& openapi() {
  static const Json document = make();
  return document;
}

}  // namespace cms::serve
