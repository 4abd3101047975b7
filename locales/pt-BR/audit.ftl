# The page of the audit log.
audit = Auditoria
audit-entries = Entradas
audit-entry = Entrada
audit-check = Conferir agora
audit-filter = Filtrar
audit-older = Mais antigas
audit-none = Nenhuma entrada com estes filtros.
audit-target = Alvo: tipo ou identificador
audit-event = Ação
audit-event-any = Todas as ações
audit-outcome = Resultado
audit-outcome-any = Todos os resultados
audit-outcome-success = feito
audit-outcome-failed = falhou
audit-outcome-denied = negado
audit-from = De
audit-to = até
audit-ip = IP
audit-reads = Mostrar leituras
audit-when = Hora
audit-who = Quem
audit-on = Alvo
audit-sealed = Selada
audit-not-sealed = Ainda não selada
audit-erased = O conteúdo desta entrada foi apagado com a pessoa a quem se referia. A prova permanece.
audit-changes = Antes e depois
audit-from-where = De onde
audit-program = Navegador
audit-trace = Rastro
audit-bad-unknown = Há uma entrada que não foi selada aqui
audit-actor-system = Sistema
audit-actor-anonymous = Desconhecido
audit-actor-api-key = Chave de API
audit-actor-erased = Pessoa apagada
audit-report-access = Acessos
audit-report-configuration = Configuração
audit-report-administration = Administração
audit-report-violations = Violações
audit-unsealed = { $count ->
    [one] { $count } entrada espera o selo
   *[other] { $count } entradas esperam o selo
}
audit-whole = { $count ->
    [one] Íntegra: { $count } entrada como foi selada
   *[other] Íntegra: { $count } entradas como foram seladas
}
audit-bad = Não íntegra: a primeira entrada errada é a { $count }

audit-event-login-success = Entrou
audit-event-login-failed = Tentou entrar
audit-event-login-error = Erro ao entrar
audit-event-login-suspicious = Entrada suspeita
audit-event-logout = Saiu
audit-event-session-revoked = Encerrou sessão
audit-event-token-reuse = Token usado duas vezes
audit-event-reauthentication = Confirmou quem é
audit-event-password-changed = Mudou a senha
audit-event-password-reset-requested = Pediu senha nova
audit-event-password-reset = Definiu senha nova
audit-event-mfa-enrolled = Ativou o segundo fator
audit-event-mfa-challenge-passed = Passou no segundo fator
audit-event-mfa-challenge-failed = Errou o segundo fator
audit-event-mfa-disabled = Desativou o segundo fator
audit-event-mfa-backup-codes-regenerated = Gerou códigos de reserva
audit-event-permission-denied = Acesso negado
audit-event-unauthorized-deletion-attempt = Tentou apagar sem permissão
audit-event-role-update = Mudou um papel
audit-event-user-update = Mudou uma pessoa da equipe
audit-event-team-update = Mudou uma equipe
audit-event-api-key-update = Mudou uma chave de API
audit-event-access-review = Revisou acessos
audit-event-approval = Aprovação de segunda pessoa
audit-event-support-access = Acesso do suporte
audit-event-tenant-update = Mudou a organização
audit-event-data-access = Leu dados
audit-event-data-export = Exportou dados
audit-event-data-delete = Apagou dados
audit-event-conversation-update = Mudou a conversa
audit-event-privacy-request = Pedido de titular
audit-event-privacy-erasure-executed = Apagamento executado
audit-event-config-update = Mudou a configuração
audit-event-key-rotation = Girou uma chave
audit-event-backup = Fez cópia de segurança
audit-event-restore = Restaurou uma cópia
audit-event-event-replay = Reprocessou um evento
audit-event-ban = Bloqueou por um tempo
audit-event-ban-lifted = Levantou um bloqueio
