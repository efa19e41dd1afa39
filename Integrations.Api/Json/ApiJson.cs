using System.Text.Json;
using System.Text.Json.Serialization;
using Integrations.Api.Authentication;
using Integrations.Api.Errors;
using Integrations.Api.Events;
using Integrations.Api.Health;
using Integrations.Api.Internal;
using Integrations.Api.Overview;
using Integrations.Api.PersonalAccounts;
using Integrations.Api.Projects;
using Integrations.Api.Telegram;

namespace Integrations.Api.Json;

/// <summary>Every type that crosses the wire, serialized by generated code: snake_case, strict, nulls written so that a shape never varies.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    PropertyNameCaseInsensitive = false)]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(ProblemBody))]
[JsonSerializable(typeof(OwnerLinkRequest))]
[JsonSerializable(typeof(SignInRequest))]
[JsonSerializable(typeof(SessionResponse))]
[JsonSerializable(typeof(UserResponse))]
[JsonSerializable(typeof(OwnerLinkResponse))]
[JsonSerializable(typeof(DataProtectionKeyRequest))]
[JsonSerializable(typeof(IReadOnlyList<DataProtectionKey>))]
[JsonSerializable(typeof(ConnectRequest))]
[JsonSerializable(typeof(ConnectResponse))]
[JsonSerializable(typeof(QrCodeResponse))]
[JsonSerializable(typeof(AccountResponse[]))]
[JsonSerializable(typeof(SessionStatusResponse))]
[JsonSerializable(typeof(ReconnectRequest))]
[JsonSerializable(typeof(SendRequest))]
[JsonSerializable(typeof(AcceptedResponse))]
[JsonSerializable(typeof(MessageResponse))]
[JsonSerializable(typeof(MessagePage))]
[JsonSerializable(typeof(DialogPage))]
[JsonSerializable(typeof(DialogResponse))]
[JsonSerializable(typeof(LogPageResponse))]
[JsonSerializable(typeof(ErrorStatisticsResponse))]
[JsonSerializable(typeof(StartLoginRequest))]
[JsonSerializable(typeof(CodeRequest))]
[JsonSerializable(typeof(PasswordRequest))]
[JsonSerializable(typeof(LoginResponse))]
[JsonSerializable(typeof(ChangeAccountRequest))]
[JsonSerializable(typeof(PersonalAccountResponse[]))]
[JsonSerializable(typeof(ReconnectResponse))]
[JsonSerializable(typeof(DeletionResponse))]
[JsonSerializable(typeof(ProjectRequest))]
[JsonSerializable(typeof(ProjectResponse[]))]
[JsonSerializable(typeof(OverviewResponse))]
[JsonSerializable(typeof(HealthResponse))]
[JsonSerializable(typeof(DetailedHealthResponse))]
[JsonSerializable(typeof(TicketResponse))]
[JsonSerializable(typeof(TicketHolder))]
[JsonSerializable(typeof(StreamFrame))]
[JsonSerializable(typeof(StreamPosition))]
[JsonSerializable(typeof(StreamEnd))]
internal sealed partial class ApiJson : JsonSerializerContext;
