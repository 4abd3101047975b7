# The open conversation, the composer and the contact.
conversation = Conversa
conversation-with = Conversa com { $name }
messages = Mensagens
older-messages = Mensagens anteriores
back-to-list = Voltar para a lista
more-actions = Mais ações
contact-details = Dados do contato
take = Assumir
release = Soltar
snooze = Adiar
resolve = Resolver
reopen = Reabrir
resolved-toast = Conversa resolvida
typing = { $name } está digitando uma resposta nesta conversa
typing-several = Mais de uma pessoa está digitando nesta conversa
you = Você

window = Janela
window-hint = Tempo que resta para responder sem modelo aprovado
window-closed = fechada
window-closed-hint = Só um modelo aprovado pode ser enviado
window-closed-at = A janela fechou às { $time }. Só um modelo aprovado pode retomar a conversa.
window-closed-on = A janela fechou em { $day } às { $time }. Só um modelo aprovado pode retomar a conversa.
window-never-open = O contato ainda não escreveu. Só um modelo aprovado pode começar a conversa.

composer-label = Mensagem para { $name }
composer-placeholder = Escreva para { $name }
key-sends = envia
key-sends-resolves = envia e resolve
send = Enviar
reply-to-this = Responder a esta mensagem
cancel-reply = Não citar
reply-not-allowed = Seu papel permite ler esta conversa, não responder.

tick-queued = na fila
tick-sent = enviada
tick-delivered = entregue
tick-read = lida
tick-failed = não enviada
tick-unconfirmed = sem confirmação
retry = Tentar de novo
not-confirmed = O WhatsApp não confirmou. Pode ter chegado ou não.
not-sent = Não enviada: { $name }
note-by = Nota de { $name } · só a equipe vê
chosen = escolhida
reaction-by = { $name } reagiu com { $emoji }
template-named = Modelo { $name }
unsupported-message = Mensagem de um tipo que o Zelo ainda não mostra. Veja no celular.
open-file = Abrir
file-not-here = ainda não disponível aqui
automatic-sender = Automático
form-answered = Respondeu ao formulário
order-of = { $count ->
    [one] Pedido de { $count } produto
   *[other] Pedido de { $count } produtos
}
system-number-changed = O contato mudou de número
system-user-id-changed = O WhatsApp deu um novo id ao contato
system-identity-changed = O código de segurança do contato mudou
system-notice = Aviso do WhatsApp sobre o contato
system-revoked = O contato apagou uma mensagem
system-calls-allowed = O contato permitiu ligações
system-calls-refused = O contato não permitiu ligações

error-rate = mensagens demais em pouco tempo
error-experiment = o contato está num experimento da Meta e não recebe este tipo de mensagem
error-meta = o WhatsApp teve um problema
error-self = o número é o mesmo que envia
error-not-on-whatsapp = o número não está no WhatsApp
error-account = a conta do WhatsApp está bloqueada
error-window = a janela de 24 horas fechou
error-spam = o número atingiu o limite por qualidade
error-meta-chose = a Meta não entregou, para não incomodar o contato
error-media = o arquivo não pôde ser enviado
error-pair-rate = mensagens demais para este contato em pouco tempo
error-unknown = motivo desconhecido

notice-empty = Escreva algo antes de enviar.
notice-too-long = A mensagem passa de { $count } caracteres, o limite do WhatsApp.
notice-not-allowed = Seu papel não permite isso.
notice-conflict = Outra pessoa mudou esta conversa antes. Veja como está e tente de novo.
notice-slow-down = Muitos pedidos em pouco tempo. Espere um instante.
notice-failed = Não deu para concluir. Tente de novo.

contact = Contato
contact-since = Contato desde { $time }
fact-phone = Telefone
fact-email = E-mail
fact-username = Usuário
no-username = ainda sem nome público
section-care = Atendimento
fact-owner = Responsável
no-owner = ninguém
fact-status = Situação
fact-channel = Canal
status-open = aberta
status-pending = com o robô
status-snoozed = adiada
status-resolved = resolvida
section-past = Conversas anteriores
