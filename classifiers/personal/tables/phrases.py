"""The words themselves: which phrases announce which kind of personal data, and which announce
something else.
"""

from classifiers.personal.tables.contact_phrases import CONTACT
from core.vocabulary.kinds import GROUPS

NATIONAL_ID_KINDS = GROUPS["national_id"] - {"passport", "driving_licence"}
"""What a label such as “national id” announces; papers have labels of their own."""

PHRASES: dict[str, str] = {
    **CONTACT,
    # bank
    "credit_card": (
        "credit card,card,card number,card no,card num,cc,ccn,cc number,cc num,pan,debit"
        " card,credit card number,debit card number,payment"
        " card,kreditkarte,kreditkartennummer,kartennummer,carte bancaire,carte de credit,numero de"
        " carte,tarjeta,tarjeta de credito,numero de tarjeta,carta di credito,numero"
        " carta,cartao,cartao de credito,numero do cartao,creditcard,kreditkort,kortnummer,karta"
        " kredytowa,numer karty,visa,mastercard,amex"
        ",kartennr,numero carte,n de carte,n carte bancaire,cb,numero tarjeta,n de tarjeta"
        ",num tarjeta,numero cartao,n do cartao,num cartao,numero di carta,n carta,carta"
        ",kaartnummer,creditcardnummer,creditcardnr,nr karty,numer karty kredytowej"
        ",nr karty kredytowej,karta platnicza,card pan,card numbers,visa card,cartao credito"
        ",tarjeta credito,carta credito"
    ),
    "iban": (
        "iban,iban number,iban code"
        ",iban nr,iban no,iban num,iban nummer,numero iban,nr iban,iban konto"
        ",kontoverbindung iban,rekening iban,compte iban,cuenta iban,conta iban,conto iban"
        ",rachunek iban,iban code,codice iban,bank iban,kontoverbindung"
    ),
    "bank_account": (
        "account number,account no,account num,acct number,acct no,acct num,acct,acc no,bank"
        " account,bank acct,bank account number,bank account no,checking account,savings"
        " account,checking account number,savings account number,beneficiary"
        " account,kontonummer,konto nr,kontonr,bankkonto,numero de cuenta,cuenta bancaria,numero de"
        " compte,compte bancaire,conto corrente,numero conto,rekeningnummer,conta bancaria,numero"
        " da conta,numer konta,numer rachunku,bankkontonummer,tilinumero,account"
        ",konto,kontoverbindung,bankverbindung,n de compte,numero compte,compte,rib"
        ",n de cuenta,numero cuenta,cuenta,nro de cuenta"
        ",kto nr,rek nr,n cta,nro cta,num cta,cuenta corriente,clabe,ccc"
        ",numero conta,n da conta,conta,conta corrente,nib,n conto,numero di conto,conto"
        ",conto bancario,rekening,rekeningnr,bankrekening,bankrekeningnummer,nr konta"
        ",nr rachunku,konto bankowe,rachunek,rachunek bankowy,numer rachunku bankowego"
        ",bankkonto nr"
    ),
    "us_aba": (
        "routing,routing number,routing no,aba,aba number,aba routing,aba routing number,rtn,bank"
        " routing number"
    ),
    # national ids
    "national_id": (
        "national id,national id number,national identifier,national identity number,national"
        " identification number,identity number,id number,identity card number,identity card,id"
        " card,id card number,personal id,personal id number,personal identity number,personal"
        " identification number,personal number,citizen id,citizen number,government id,tax id,tax"
        " id number,tax identifier,tax number,tax no,tin,taxpayer id,taxpayer identification"
        " number,national insurance,personnr,personalausweis,ausweisnummer,identifiant"
        " national,documento de identidad,documento,numero de identificacion,cedula,id"
        " nummer,person number,fiscal number,fiscal code,social insurance number,social security"
        " number,social security,social security no,national number,national registration"
        " number,national register number"
        ",id document,identity document,identity no,id no,national insurance id,national id no"
        ",citizen service number,personal code,ausweisnr,personalausweisnummer,ausweis nr"
        ",sozialversicherungsnr,identifikationsnummer,n d identite,numero d identite"
        ",carte d identite,numero de carte d identite,cni,numero cni,piece d identite"
        ",documento nacional,numero de documento,n de documento,nro documento,num documento"
        ",nro de documento,doc identidad,documento identificacao,bilhete de identidade,bi"
        ",cartao de cidadao,numero de identificacao,rg,numero do rg,documento di identita"
        ",carta d identita,numero documento,carta identita,n documento,numero carta d identita"
        ",identiteitsnummer,legitimatienummer,identiteitskaart,id bewijs,paspoort of id"
        ",dowod osobisty,nr dowodu,numer dowodu,numer dowodu osobistego,nr dowodu osobistego"
        ",dowod,seria i numer dowodu"
    ),
    "us_ssn": (
        "ssn,ssn number,social security number,social security,social security no,social security"
        " num,soc sec,soc sec no,ss number,ssnum,social"
    ),
    "us_itin": "itin,individual taxpayer identification number",
    "uk_nino": (
        "nino,ni number,ni no,nin,national insurance,national insurance number,national insurance"
        " no,nat ins no"
    ),
    "uk_utr": "utr,unique taxpayer reference,self assessment reference",
    "br_cpf": (
        "cpf,cadastro de pessoas fisicas,cpf number,numero do cpf,cpf cliente"
        ",n cpf,no cpf,num cpf,cpf do cliente,cpf paciente,cpf do titular,nr cpf,cpf cnpj"
    ),
    "br_cnpj": "cnpj,cadastro nacional da pessoa juridica",
    "in_aadhaar": (
        "aadhaar,aadhar,adhaar,adhar,aadhaar number,aadhaar no,aadhar number,uidai,uid number"
    ),
    "in_pan": "pan,pan number,pan no,pan card,permanent account number",
    "in_gstin": "gstin,gst number,gst no,gst in,gst",
    "de_tax_id": (
        "steuer id,steuerid,steueridentifikationsnummer,steuerliche identifikationsnummer,idnr,id"
        " nr,steuernummer,steuer idnr,steuer identifikationsnummer,tax id,tin"
        ",steuer identnummer,steuer ident nr,steuer id nr,idnummer,identnummer,steuernr"
        ",steuer nr,identifikationsnummer steuer,persoenliche identifikationsnummer,tin nr"
    ),
    "fr_nir": (
        "nir,numero de securite sociale,securite sociale,num secu,numero secu,no"
        " secu,insee,nss,secu"
        ",n de securite sociale,n securite sociale,numero ss,n ss,no ss,num ss,numero insee"
        ",n insee,no insee,nir patient,numero nir,n nir,immatriculation securite sociale"
        ",n secu,numero de secu,no de securite sociale"
    ),
    "es_dni": (
        "dni,nif,documento nacional de identidad,dni nie,numero de dni,documento de identidad"
        ",n dni,n de dni,num dni,numero dni,nro dni,dni nif,nif nie,nif dni,dni o nie"
        ",dni cliente,nif cliente"
    ),
    "es_nie": (
        "nie,nif,dni nie,numero de identidad de extranjero,documento de identidad"
        ",nif nie,dni o nie,nif dni,numero nie,n nie"
    ),
    "it_codice_fiscale": (
        "codice fiscale,cod fiscale,cod fisc,codicefiscale,cf"
        ",c f,cod fiscale,codice fisc,cf cliente,codice fiscale cliente"
        ",codice fiscale paziente,codfiscale,codfisc"
    ),
    "nl_bsn": (
        "bsn,burgerservicenummer,sofinummer,sofi nummer,sofi,bsn nummer"
        ",bsn nr,bsnnummer,burgerservicenr,burger service nummer,bsn sofi,bsn klant"
        ",bsn patient"
    ),
    "pl_pesel": (
        "pesel,nr pesel,numer pesel"
        ",pesel klienta,pesel pacjenta,pesel pracownika,numer ewidencyjny pesel"
        ",numer ewidencyjny"
    ),
    "pl_nip": "nip,nr nip,numer identyfikacji podatkowej",
    "pt_nif": (
        "nif,contribuinte,numero de contribuinte,numero de identificacao fiscal,nif number"
        ",n contribuinte,no de contribuinte,numero fiscal,nif do cliente,num contribuinte"
        ",n de contribuinte"
    ),
    "be_national_number": (
        "rijksregisternummer,rijksregister,insz,niss,numero national,numero de registre"
        " national,registre national,nn,nrn,numero nn"
    ),
    "se_personnummer": "personnummer,pnr,person nr,samordningsnummer,personnr",
    "no_fodselsnummer": "fodselsnummer,fodselsnr,fnr,personnummer,d nummer",
    "fi_hetu": "hetu,henkilotunnus,personbeteckning,sotu",
    "dk_cpr": "cpr,cpr nummer,cpr nr,cprnr,cpr number,personnummer",
    "ch_ahv": "ahv,avs,ahv nummer,ahv nr,ahvn13,numero avs,sozialversicherungsnummer,oasi",
    "ro_cnp": "cnp,cod numeric personal",
    "ca_sin": (
        "sin,sin number,social insurance number,social insurance,nas,numero d assurance sociale"
    ),
    "au_tfn": "tfn,tax file number,tax file no",
    "mx_curp": "curp,clave unica de registro de poblacion",
    "za_id": (
        "za id,sa id,sa id number,rsa id,south african id,south african id number,id"
        " number,identity number"
    ),
    "ie_pps": "pps,ppsn,pps number,pps no,personal public service number",
    "at_svnr": "svnr,sv nummer,sozialversicherungsnummer,sv nr,versicherungsnummer",
    "cn_ric": "resident identity card,resident id,shenfenzheng,id card number,sfz",
    "kr_rrn": "rrn,resident registration number,jumin,juminbeonho",
    "au_abn": ("abn,abn number,australian business number,australian business no"),
    "au_acn": ("acn,acn number,australian company number"),
    "au_medicare": (
        "medicare,medicare no,medicare card,medicare card number,medicare number,medicare card no"
    ),
    "de_id_card": (
        "personalausweis,personalausweisnummer,personalausweisnr,personalausweis nr,"
        "ausweisnummer,ausweis nr,ausweisnr,id card number"
    ),
    "de_pension_number": (
        "rentenversicherungsnummer,rentenversicherungsnr,rvnr,rv nummer,rv nr,"
        "versicherungsnummer,sozialversicherungsnummer,sv nummer,svnr"
    ),
    "de_steuernummer": ("steuernummer,steuernr,steuer nr,st nr,stnr"),
    "in_voter_id": (
        "voter id,voter id number,voter card,voter card number,epic,epic number,epic no,voter id no"
    ),
    "it_iva": ("partita iva,p iva,piva,partitaiva,numero partita iva"),
    "it_identity_card": (
        "carta d identita,carta identita,numero carta identita,numero carta d identita,cie,"
        "numero cie,n carta identita"
    ),
    "sg_nric": ("nric,nric no,nric number,fin,fin number,fin no,nric fin"),
    "th_id": ("thai id,thai id number,thai national id,citizen id,pin thailand"),
    "tr_id": (
        "tckn,tc kimlik,tc kimlik no,kimlik no,kimlik numarasi,t c kimlik no,tc no,"
        "tc kimlik numarasi"
    ),
    "us_npi": ("npi,npi number,npi no,national provider identifier"),
    "ng_nin": ("nin,nin number,national identification number,nigerian nin"),
    "passport": (
        "passport,passport number,passport no,passport num,passport"
        " id,passnummer,reisepass,reisepassnummer,pasaporte,numero de pasaporte,passeport,numero de"
        " passeport,passaporto,numero passaporto,paspoort,paspoortnummer,passaporte,numero do"
        " passaporte,pass nr,paszport,numer paszportu,passi,passnumber"
        ",passnr,pas nr,reisepassnr,reisepass nr,pass number,passports,n de passeport"
        ",numero passeport,n passeport,no de passeport,numero pasaporte,n de pasaporte"
        ",nro pasaporte,n passaporto,numero di passaporto,n do passaporte,numero passaporte"
        ",paspoortnr,nr paszportu,numer paszportu,paszportu,seria i numer paszportu"
        ",passeport numero"
    ),
    "driving_licence": (
        "driver license,drivers license,driver s license,driver licence,drivers licence,driver s"
        " licence,driving licence,driving license,driver license number,drivers license"
        " number,driver s license number,drivers licence number,driving licence number,driving"
        " license number,driver license no,license number dl,dl number,dl no,dln,drivers lic,driver"
        " lic,fuhrerschein,fuhrerscheinnummer,fuehrerschein,fuehrerscheinnummer,permis de"
        " conduire,numero de permis,permiso de conducir,carnet de conducir,patente di guida,numero"
        " patente,rijbewijs,rijbewijsnummer,carta de conducao,cnh,prawo"
        " jazdy,korkort,forerkort,ajokortti"
        ",licence number,license number"
        ",driv lic no,driver lic no,permis n,driving licence no,fuhrerscheinnr,fuhrerschein nr"
        ",n de permis,numero permis,permis conduire,n permis de conduire,licencia de conducir"
        ",n de licencia,permiso conducir,numero de licencia,carta de conducir,n da carta"
        ",carteira de motorista,habilitacao,n cnh,patente,n patente,numero di patente"
        ",patente guida,rijbewijsnr,rijbewijs nr,prawo jazdy nr,nr prawa jazdy"
        ",numer prawa jazdy,prawa jazdy"
    ),
    # health
    "uk_nhs": ("nhs,nhs number,nhs no,nhs num,nhs id,nhs nr,nhs patient number,nhsnumber"),
    "us_mbi": (
        "mbi,medicare,medicare number,medicare beneficiary,medicare beneficiary"
        " identifier,medicare id"
    ),
    "medical_record": (
        "mrn,medical record,medical record number,medical record no,patient id,patient"
        " number,patient no,patient mrn,chart number,chart no,hospital number,patienten"
        " id,patientennummer,numero de historia clinica"
        ",patientennr,patienten nr"
        ",pat nr,dossier n,hist clin,fallnummer,aktenzeichen patient,numero de dossier"
        ",n dossier patient,numero dossier patient,ipp,nhc,historia clinica,n historia clinica"
        ",numero de historia,prontuario,n prontuario,numero do prontuario,processo clinico"
        ",cartella clinica,n cartella clinica,numero cartella clinica,patientnummer,patientnr"
        ",dossiernummer,numer kartoteki,nr kartoteki,nr historii choroby"
        ",numero de processo,n do processo,numer pacjenta,nr pacjenta,numero paziente"
    ),
    "health_id": (
        "health insurance,health insurance number,health insurance id,insurance member id,insurance"
        " id,insurance policy number,health plan id,health plan number,health card,health card"
        " number,health id,health number,member number,medical insurance number,medicaid,medicaid"
        " id,medicaid number,hicn,hic number,subscriber"
        " id,krankenversichertennummer,kvnr,krankenversicherungsnummer,versichertennummer,"
        "krankenkassennummer,ehic,ehic"
        " number,carte vitale,numero de assistance,tarjeta sanitaria,tessera"
        " sanitaria,zorgverzekeringsnummer,polisnummer,sns,numero de utente,numero"
        " utente,medical id"
        ",krankenversichertennr,kv nummer,versichertennr,krankenversicherung nr,egk nummer"
        ",n securite sociale assure,numero assure,n tarjeta sanitaria"
        ",numero de tarjeta sanitaria,cip sns,numero de utente sns,n utente,cns"
        ",cartao nacional de saude,cartao sus,n tessera sanitaria,numero tessera sanitaria"
        ",zorgpolisnummer,verzekerdennummer,polisnummer zorg,numer ubezpieczenia"
        ",nr ubezpieczenia"
    ),
    "health_data": (
        "diagnosis,diagnoses,diagnosis code,diagnosis codes,primary diagnosis,icd,icd10,icd"
        " 10,icd9,icd 9,icd code,icd10 code,icd 10 code,icd codes,medical condition,medical"
        " conditions,health condition,health"
        " conditions,symptom,symptoms,medication,medications,prescription,prescriptions,"
        "allergy,allergies,blood"
        " type,blood group,lab result,lab results,hiv"
        " status,hiv,disability,disabilities,comorbidity,comorbidities,medical history,clinical"
        " notes,clinical note,treatment plan,mental health,pregnancy status,pregnant,vaccination"
        " status,vaccination,disease,illness,chief complaint,discharge"
        " summary,diagnose,diagnosen,befund,krankheit,medikation,medikamente,behinderung,"
        "diagnostico,diagnosticos,diagnostic"
        " medical,maladie,traitement medical,diagnosi,patologia,diagnoza,choroba,snomed,snomed"
        " code,loinc result"
        ",medical diagnosis,diagnosen,diagnoseschlussel"
        ",hauptdiagnose,icd diagnose,allergie,allergien,medikament,blutgruppe,erkrankung"
        ",vorerkrankungen,diagnostics,pathologie,pathologies,antecedents medicaux"
        ",groupe sanguin,allergies connues,code cim,cim 10,enfermedad,enfermedades,alergias"
        ",alergia,grupo sanguineo,medicacion,medicamento,cie 10,antecedentes medicos,doenca"
        ",doencas,cid,cid 10,alergia,tipo sanguineo,medicacao,historico medico"
        ",diagnosi principale,malattia,allergia,allergie note,gruppo sanguigno,farmaco,terapia"
        ",aandoening,ziekte,ziektebeeld,medicatie,bloedgroep,allergieen,diagnozy,rozpoznanie"
        ",schorzenie,alergie,grupa krwi,leki,icd 10 kod,diagn,rozp"
    ),
    # only beside a person
    "health_beside": (
        "dx,diag,diagnostic,loinc,loinc code,loinc num,snomed ct,snomed ct code,sctid"
    ),
    "special_category": (
        "religion,religious affiliation,religious belief,religious beliefs,faith,ethnicity,ethnic"
        " origin,ethnic group,ethnic background,race,race ethnicity,racial origin,political"
        " affiliation,political party,political opinion,political opinions,political views,party"
        " affiliation,sexual orientation,sexuality,sexual preference,gender identity,trade"
        " union,trade union membership,union membership,union member,trade union member,genetic"
        " data,criminal record,criminal history,criminal conviction,criminal"
        " convictions,caste,konfession,religionszugehorigkeit,ethnische"
        " herkunft,gewerkschaft,gewerkschaftszugehorigkeit,sexuelle orientierung,etnia,orientacion"
        " sexual,origine ethnique,orientation sexuelle,appartenance"
        " syndicale,religione,orientamento sessuale,religiao,etnicidade,wyznanie"
        ",religionszugehoerigkeit,glaube,parteizugehorigkeit,gewerkschaftsmitglied,ethnie"
        ",religion de la personne,appartenance religieuse,opinions politiques"
        ",opinion politique,orientation politique,syndicat,adhesion syndicale"
        ",afiliacion sindical,afiliacion politica,sindicato,religion o creencias,raca,cor raca"
        ",raca cor,orientacao sexual,filiacao sindical,filiacao partidaria,crenca,credo"
        ",etnia origine,origine etnica,iscrizione sindacale,appartenenza sindacale"
        ",opinione politica,orientamento politico,geloof,geloofsovertuiging,etniciteit"
        ",etnische afkomst,politieke voorkeur,seksuele geaardheid,seksuele orientatie,vakbond"
        ",vakbondslidmaatschap,religia,pochodzenie etniczne,narodowosc etniczna"
        ",poglady polityczne,orientacja seksualna,zwiazek zawodowy,przynaleznosc zwiazkowa"
    ),
}
