# A página dos números conectados, e o que o WhatsApp diz deles.
channels = Números
channels-none = Nenhum número conectado ainda.
channels-state = Estado
channels-active = envia
channels-reconnect = precisa ser conectado de novo
channels-disabled = desligado
channels-switch-off = Desligar…
channels-switch-off-hint = Nada sai deste número até que alguém o ligue de novo; o que estiver esperando sai então. O que os clientes escrevem continua guardado.
channels-switch-off-now = Desligar agora
channels-switch-on = Ligar
channels-silent = em silêncio
channels-silent-since = Nada chega desde { $time }. Em um período assim, o comum é que { $count ->
    [one] uma pessoa escreva
   *[other] { $count } pessoas escrevam
}.
silence-no-cause = Para a Meta o número está em ordem. Abra o endereço desta instalação de fora: se ele não abre ou o certificado não vale, os webhooks da Meta também não chegam.
channels-pace = { $count ->
    [one] { $count } mensagem por segundo
   *[other] { $count } mensagens por segundo
}
channels-pace-unknown = ritmo ainda desconhecido
channels-quality = Qualidade
quality-high = alta
quality-medium = média
quality-low = baixa
quality-unknown = ainda sem avaliação
channels-limit = Pessoas abordadas primeiro em 24 horas
limit-none = sem limite
channels-name = Nome que os clientes veem
channels-username = Nome público
channels-account = Conta
channels-review = Avaliação
channels-restriction = Restrição
channels-templates = Modelos
channels-template-none = O WhatsApp ainda não falou de nenhum modelo.
channels-notices = O que o WhatsApp disse
channels-notice-none = Nada ainda.
notice-template-approved = O modelo { $name } foi aprovado.
notice-template-rejected = O modelo { $name } foi recusado: { $what }
notice-template-paused = O modelo { $name } está pausado: { $what }
notice-template-disabled = O modelo { $name } está desativado: { $what }
notice-template-status = O modelo { $name } agora está { $what }.
notice-template-quality = Qualidade do modelo { $name }: { $what }, antes { $before }.
notice-template-components = O texto do modelo { $name } mudou: { $what }
notice-template-category = O modelo { $name } agora é { $what }, antes { $before }.
notice-template-category-soon = O modelo { $name } vai passar a ser { $what }.
notice-account-restricted = A Meta restringiu a conta: { $what }
notice-account-disabled = A Meta desativou a conta em { $what }. As mensagens esperam até ela voltar ou ser conectada de novo.
notice-account-reinstated = A Meta reativou a conta.
notice-account-connected = A conta { $what } foi conectada.
notice-account-other = Novidade da conta: { $what }
notice-review = A Meta avaliou a conta: { $what }
notice-alert = A Meta avisa: { $what }
notice-throughput = O número agora pode enviar 1.000 mensagens por segundo.
notice-limit = Pessoas que podem ser abordadas primeiro em 24 horas: { $what }
notice-name-approved = A Meta aprovou o nome { $name }.
notice-name-rejected = A Meta não aprovou o nome { $name }: { $what }
notice-pin = O PIN de duas etapas do número foi trocado. Se não foi ninguém de vocês, protejam a conta.
notice-security = Segurança do número: { $what }
notice-marketing-stopped = { $name } não quer mais mensagens de marketing.
notice-marketing-resumed = { $name } quer mensagens de marketing de novo.
notice-history-declined = A empresa não compartilha o histórico do app.
notice-address-book = Agenda do app: { $what } a mais, { $before } a menos.
notice-group-created = O grupo { $name } foi criado.
notice-group-joined = Pessoas que entraram num grupo: { $what }
notice-group-left = Pessoas que saíram de um grupo: { $what }
notice-group-other = Novidade de um grupo: { $what }
notice-username-approved = O nome público @{ $name } foi aprovado.
notice-username-other = Nome público @{ $name }: { $what }
notice-flow = Novidade de um formulário: { $what }
notice-error = O WhatsApp informa um erro: { $what }
notice-other = Aviso do WhatsApp: { $what }
