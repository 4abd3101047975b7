mail-greeting = Olá, { $name }.
mail-foot = Esta mensagem é do Zelo em { $address }. Se não foi você, avise quem administra a instalação.
mail-password-changed-subject = Sua senha foi trocada
mail-password-changed = A senha da sua conta foi trocada, e os outros acessos foram encerrados. Se não foi você, peça um novo link de senha em { $link }/password/forgot.
mail-mfa-enrolled-subject = Verificação em duas etapas ativada
mail-mfa-enrolled = A verificação em duas etapas da sua conta foi ativada.
mail-mfa-disabled-subject = Verificação em duas etapas desativada
mail-mfa-disabled = A verificação em duas etapas da sua conta foi desativada.
mail-mfa-reset-subject = Verificação em duas etapas removida
mail-mfa-reset = Quem administra a sua conta removeu a verificação em duas etapas. Entre com a senha e ative-a de novo.
mail-backup-codes-subject = Novos códigos de reserva
mail-backup-codes = Novos códigos de reserva foram criados; os anteriores não valem mais.
mail-new-device-subject = Acesso por um novo dispositivo
mail-new-device = Sua conta foi acessada por um dispositivo que não era conhecido: { $program }
mail-after-failures-subject = Acesso depois de senhas erradas
mail-after-failures = Sua conta foi acessada depois de várias tentativas com a senha errada.
mail-half-finished-subject = Acesso interrompido na segunda etapa
mail-half-finished = Alguém usou a sua senha correta, mas não informou um código válido. Se não foi você, troque a senha.
mail-guessed-subject = Muitos códigos errados
mail-guessed = Alguém que tem a sua senha informou vários códigos errados. Troque a senha.
mail-token-reuse-subject = Um acesso foi encerrado por segurança
mail-token-reuse = A chave de um acesso à sua conta foi usada duas vezes, e por isso o acesso foi encerrado. Entre de novo.
mail-reset-subject = Escolha uma nova senha
mail-reset = Para escolher uma nova senha, abra este endereço. Ele vale por uma hora e uma única vez.

    { $link }
mail-invitation-subject = Convite para o Zelo
mail-invitation = Você foi convidado para atender no Zelo. Para escolher a sua senha, abra este endereço. Ele vale por sete dias e uma única vez.

    { $link }
mail-support-access-subject = O suporte do Zelo está vendo o seu atendimento
mail-support-access = { $who }, de quem opera esta instalação, vê o seu atendimento no máximo até { $when }. O motivo informado: { $why }

    São vistos os ajustes e o estado das conversas: nenhuma mensagem, nenhum nome, nenhum número. Cada uso aparece no registro de auditoria, e quem tem permissão (support:write) encerra na hora: DELETE /support-accesses/{"{id}"}.
mail-tenant-deletion-subject = O seu atendimento será excluído
mail-tenant-deletion = Quem opera esta instalação pediu a exclusão de { $what }. Em { $when } todas as conversas, contatos, pessoas, ajustes e chaves somem de vez. Até lá o pedido pode ser desfeito: escreva para eles.
mail-approval-asked-subject = Uma segunda pessoa é necessária
mail-approval-asked = { $who } pede algo que precisa de uma segunda pessoa: { $what }. Veja GET /approvals; aprove ou recuse com PUT /approvals/{"{id}"}/decision em até três dias.
mail-approval-decided-subject = O seu pedido foi decidido
mail-approval-decided = Você pediu algo que precisa de uma segunda pessoa: { $what }. A decisão: { $why }.
mail-rotation-due-subject = Hora de trocar uma chave
mail-rotation-due = { $what } está em uso desde { $when } ou termina em breve. Troque: uma chave de API com POST /api-keys/{"{id}"}/rotate (a antiga ainda vale pelo tempo que você disser), o token de um número com zelo channel update ou PATCH /channels/{"{id}"}. Nada para de funcionar por causa da idade.
mail-access-review-due-subject = Hora de revisar quem tem acesso
mail-access-review-due = Desde { $when } ninguém confere quem tem acesso e a quê. Abra uma revisão com POST /access-reviews, confirme ou retire cada linha e encerre. Nada para de funcionar enquanto isso.
mail-channel-silent-subject = Nada chega em um número
mail-channel-silent = Nada chega em { $what } desde { $when }, em um período em que as pessoas costumam escrever. { $why } A página Números mostra isso até chegar a próxima mensagem.
