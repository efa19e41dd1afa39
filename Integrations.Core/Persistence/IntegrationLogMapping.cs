using Integrations.Core.IntegrationLogs;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Integrations.Core.Persistence;

internal sealed class IntegrationLogMapping : IEntityTypeConfiguration<IntegrationLog>
{
    public void Configure(EntityTypeBuilder<IntegrationLog> builder)
    {
        builder.ToTable("integration_logs");
        builder.HasKey(log => log.Id);
        builder.Property(log => log.Id).HasColumnName("id").ValueGeneratedNever();
        builder.Property(log => log.Seq).HasColumnName("seq").UseIdentityAlwaysColumn();
        builder.Property(log => log.TenantId).HasColumnName("tenant_id");
        builder.Property(log => log.UserId).HasColumnName("user_id");
        builder.Property(log => log.AccountId).HasColumnName("account_id");
        builder.Property(log => log.EnterpriseNumber).HasColumnName("enterprise_number");
        builder.Property(log => log.IntegrationType).HasColumnName("integration_type");
        builder.Property(log => log.Action).HasColumnName("action");
        builder.Property(log => log.EventType).HasColumnName("event_type").ValueGeneratedOnAddOrUpdate();
        builder.Property(log => log.Status).HasColumnName("status").HasConversion<WordConverter<LogStatus>>();
        builder.Property(log => log.Details).HasColumnName("details").HasColumnType("jsonb");
        builder.Property(log => log.RequestData).HasColumnName("request_data").HasColumnType("jsonb");
        builder.Property(log => log.ResponseData).HasColumnName("response_data").HasColumnType("jsonb");
        builder.Property(log => log.ErrorCode).HasColumnName("error_code");
        builder.Property(log => log.ErrorMessage).HasColumnName("error_message");
        builder.Property(log => log.TraceId).HasColumnName("trace_id");
        builder.Property(log => log.CreatedAt).HasColumnName("created_at").ValueGeneratedOnAdd();
        builder.Property(log => log.UpdatedAt).HasColumnName("updated_at").ValueGeneratedOnAddOrUpdate();
    }
}
